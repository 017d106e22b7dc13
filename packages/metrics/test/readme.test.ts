/** The README tells the truth: every program runs as it stands there, every command line too, and the names it lists exist. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import * as everything from '../src/index.ts'
import { makeRequest } from './support/request-arbitrary.ts'
import { readSnippets, runSnippet } from './support/snippet.ts'

vi.setConfig({ testTimeout: 120_000 })

const readme = new URL('../README.md', import.meta.url)
const snippets = readSnippets(readme)
const page = await readFile(readme, 'utf8')

/** What each program must print. */
const prints: Readonly<Record<string, readonly RegExp[]>> = {
  'Store and ask': [/^chat 1 [1-9]\d*$/m, /^200 1$/m],
  'Events of your own': [
    /produced: 1, stored: 1, pending: 0, dropped: 0/,
    /\{ stored: 0, known: 1 \}/,
    /^560 35\d\d\.\d+$/m,
    /requests: 1,\s+payloads: 0,\s+scores: 0/,
  ],
  'Over HTTP': [/^200 .*"requests":0,"errorShare":null/m],
  Questions: [/^0 null \d+$/m, /^24 0$/m],
  Alerts: [/chat/],
  'OpenTelemetry and Prometheus, both ways': [/^200 \{/m, /samples: \{ tokens: 1 \}/, /^0 function$/m],
}

test('every program of the README is run here, and has something to show', () => {
  expect(snippets.map(({ heading }) => heading)).toEqual(Object.keys(prints))
})

test.each(snippets)('runs as it stands: $heading', async ({ heading, code }) => {
  const output = await runSnippet(code)
  for (const pattern of prints[heading] ?? expect.fail('not expected')) expect(output).toMatch(pattern)
})

test('every command line runs as it stands, in its order', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bud-metrics-readme-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const event = makeRequest({ id: 'of-ada', projectId: 'my-project', userId: 'ada', timeUnixMs: Date.now() - 60_000 })
  await writeFile(join(folder, 'events.jsonl'), JSON.stringify(event))
  const lines = [...page.matchAll(/^bud-metrics (.*)$/gm)].map(([, line = '']) => line.split(' '))
  expect(lines.length).toBeGreaterThan(5)
  const script = fileURLToPath(new URL('../src/bin/bud-metrics.ts', import.meta.url))
  const outputs = new Map<string, string>()
  for (const [verb = '', ...rest] of lines) {
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=bud-source', script, verb, ...rest], { cwd: folder })
    outputs.set(verb, stdout)
  }
  expect(outputs.get('import')).toBe('stored 1, known 0, of other kinds 0\n')
  expect(JSON.parse(outputs.get('ask') ?? '')).toMatchObject({ rows: [{ group: { model: 'llama' }, values: { requests: 1 } }] })
  expect(outputs.get('erase')).toMatch(/^erased 1 requests/)
})

test('what the table of main exports names is exported', () => {
  const names = [...page.matchAll(/^\| `(\w+)[(`].*/gm)].map(([, name = '']) => name)
  expect(names).toContain('createMetrics')
  const elsewhere = ['createEmbeddedClient', 'createMemoryReader']
  for (const name of names) if (!elsewhere.includes(name)) expect(Object.keys(everything)).toContain(name)
})
