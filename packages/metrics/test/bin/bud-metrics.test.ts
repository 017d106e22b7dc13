/** The command as a user runs it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { expect, onTestFinished, test, vi } from 'vitest'
import { makeRequest } from '../support/request-arbitrary.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

async function run(...args: readonly string[]): Promise<{ readonly code: unknown; readonly output: string }> {
  const script = fileURLToPath(new URL('../../src/bin/bud-metrics.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=bud-source', script, ...args])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const [code] = (await once(child, 'close')) as unknown[]
  return { code, output }
}

test('migrate applies what is missing and says so, then finds nothing to do', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bud-metrics-bin-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const first = await run('migrate', '--directory', join(directory, 'database'))
  expect(first).toMatchObject({ code: 0 })
  expect(first.output).toMatch(/applied 1 events\n[^]*schema version \d+/)
  const second = await run('migrate', '--directory', join(directory, 'database'))
  expect(second.output).toMatch(/nothing to apply/)
})

test('without a database, with two of them or with an unknown flag it explains itself and fails', async () => {
  expect(await run('migrate')).toMatchObject({ code: 2, output: expect.stringContaining('Usage') as string })
  expect(await run('migrate', '--directory', 'a', '--url', 'b')).toMatchObject({ code: 2 })
  expect(await run('migrate', '--folder', 'a')).toMatchObject({ code: 2, output: expect.stringContaining('--folder') as string })
  expect(await run('frobnicate')).toMatchObject({ code: 2, output: expect.stringContaining("unknown verb 'frobnicate'") as string })
  expect(await run('--help')).toMatchObject({ code: 0 })
})

test('a server that does not answer is named with the reason', async () => {
  const { code, output } = await run('migrate', '--url', 'http://127.0.0.1:1')
  expect(code).toBe(1)
  expect(output).toContain('ECONNREFUSED')
})

test('import, verify and erase say what they did, as text and as JSON, and a missing file is named', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bud-metrics-bin-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const database = ['--directory', join(directory, 'database')]
  const file = join(directory, 'events.jsonl')
  const timeUnixMs = Date.now() - 3_600_000
  const events = ['ada', 'bob'].map((userId) => makeRequest({ id: `of-${userId}`, userId, timeUnixMs }))
  await writeFile(file, [...events, { id: 'x', kind: 'unheard-of', timeUnixMs }].map((event) => JSON.stringify(event)).join('\n'))
  expect(JSON.parse((await run('migrate', ...database, '--json')).output)).toMatchObject({
    applied: [{ version: 1, name: 'events' }, {}, {}, {}, {}, {}, {}],
  })
  expect((await run('import', ...database, '--file', file)).output).toBe('stored 2, known 0, of other kinds 1\n')
  expect(JSON.parse((await run('import', ...database, '--file', file, '--json')).output)).toEqual({ stored: 0, known: 2, skipped: 1 })
  expect(await run('import', ...database, '--file', join(directory, 'absent'))).toMatchObject({
    code: 1,
    output: expect.stringMatching(/^bud-metrics: ENOENT[^\n]*absent'\n$/) as string,
  })
  expect((await run('ask', ...database, '--measure', 'uniqueUsers', '--last', '2h')).output).toMatch(/uniqueUsers\n\S+ +2\n/)
  expect(await run('erase', ...database, '--project', 'alpha', '--user', '')).toMatchObject({ code: 2 })
  const erased = await run('erase', ...database, '--project', 'alpha', '--user', 'ada', '--json')
  expect(JSON.parse(erased.output)).toMatchObject({ requests: 1, payloads: 0, scores: 0 })
  const verified = await run('verify', ...database, '--json')
  expect(verified.code).toBe(0)
  expect(JSON.parse(verified.output)).toMatchObject({ checks: Array.from({ length: 7 }, () => ({ differing: 0 })) })
  expect((await run('records', ...database, '--of', 'devices', '--measure', 'samples', '--last', '1h')).output).toMatch(/samples\n\S+ +0/)
  expect(await run('records', ...database, '--of', 'x', '--measure', 'y')).toMatchObject({
    code: 2,
    output: expect.stringContaining('guardrails') as string,
  })
  const unsent = await run('send', ...database, '--receiver', 'http://127.0.0.1:1/v1/metrics', '--last', '2h')
  expect(unsent).toMatchObject({ code: 1, output: expect.stringContaining('127.0.0.1:1') as string })
})

test('ask, export, dashboards and rules answer on the command line, as text and as JSON', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bud-metrics-bin-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const database = ['--directory', join(directory, 'database')]
  await run('migrate', ...database)
  const asked = await run('ask', ...database, '--measure', 'requests,durationMsP95', '--last', '2h', '--group-by', 'model', '--json')
  expect(asked).toMatchObject({ code: 0 })
  expect(JSON.parse(asked.output)).toMatchObject({ measures: { requests: { unit: 'requests', errorBound: 0 } }, rows: [] })
  expect((await run('ask', ...database, '--measure', 'requests', '--last', '2h')).output).toMatch(/time +requests\n\S+ +0/)
  const wrong = await run('ask', ...database, '--measure', 'beauty')
  expect(wrong).toMatchObject({ code: 2, output: expect.stringContaining('durationMsP95') as string })
  const out = join(directory, 'requests.parquet')
  const exported = await run('export', ...database, '--format', 'parquet', '--out', out, '--json')
  expect(JSON.parse(exported.output)).toMatchObject({ path: out })
  const written = await run('dashboards', '--out', join(directory, 'grafana'), '--json')
  const { paths } = z.object({ paths: z.array(z.string()) }).parse(JSON.parse(written.output))
  expect(paths).toHaveLength(3)
  const provider = await readFile(join(directory, 'grafana', 'provider.yaml'), 'utf8')
  expect(provider).toContain(`path: ${JSON.stringify(join(directory, 'grafana'))}`)
  expect(await run('rules', '--out', join(directory, 'rules.yaml'))).toMatchObject({ code: 0 })
})

test('only migrate makes a database: every other verb says that there is none', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bud-metrics-bin-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const absent = join(directory, 'typo')
  const output = `bud-metrics: there is no database at '${absent}'; check the path, or make one with \`bud-metrics migrate\`\n`
  expect(await run('ask', '--directory', absent, '--measure', 'requests')).toEqual({ code: 1, output })
  expect(await run('import', '--directory', absent, '--file', 'x')).toEqual({ code: 1, output })
  await expect(readFile(absent)).rejects.toThrow('ENOENT')
})
