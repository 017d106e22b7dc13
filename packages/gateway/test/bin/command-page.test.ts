/** docs/gateway/command.md: its program runs as it stands there, and says what it should. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { run } from '../support/bud-gateway.ts'
import { createDirectory } from '../support/directory.ts'
import { onOneDay } from '../support/one-day.ts'

/** Words as a shell cuts them: spaces between, quotes around. */
const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, plain]) => single ?? double ?? plain ?? '')

onOneDay('the commands of the page do what they say, one after the other', { timeout: 90_000 }, async () => {
  await using directory = await createDirectory()
  const page = await readFile(new URL('../../../../docs/gateway/command.md', import.meta.url), 'utf8')
  const [, program = ''] = /```sh\n([\s\S]+?)```/.exec(page) ?? []
  const lines = program.split('\n').filter((line) => line.startsWith('bud-gateway '))
  expect(lines).toHaveLength(8)
  const said: string[] = []
  for (const line of lines) {
    const [, ...words] = wordsOf(line)
    const { code, out, err } = await run([...words, '--data-dir', join(directory.path, 'data')])
    expect({ line, code, err }).toEqual({ line, code: 0, err: '' })
    said.push(out)
  }
  const [, key, budget, price, projects, budgets, spend, audit] = said
  expect(key).toMatch(/^bud_\w{52}\n\nThis is the only time/)
  expect(JSON.parse(budget ?? '')).toMatchObject({ id: 'search', limitUsd: 400, stop: true, alertPercents: [80] })
  expect(JSON.parse(price ?? '')).toMatchObject({ id: 'small', subject: { model: 'small-1' } })
  // The budget's stop is a limit with reservation beside the project's own.
  expect(projects).toBe('search\tSearch team\tenabled\tconcurrency=16\tusd=400/month,time-zone=Europe/Berlin,name=budget-search\n')
  expect(budgets).toMatch(/^search\t.*\t\$400\t.*\tstops\n$/)
  expect(spend).toBe('total\t$0\n')
  expect(audit?.split('\n').map((line) => line.split('\t').slice(2).join(' '))).toEqual([
    'price-put small success ',
    'budget-put search success ',
    expect.stringMatching(/^key-create .* success $/),
    'project-create search success ',
    '',
  ])
})
