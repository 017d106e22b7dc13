/** The program runs, and each hook does its part. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('adds the house rule, routes by team, counts, and refuses what has no team', { timeout: 30_000 }, async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=bud-source', main], { timeout: 20_000 })
  expect(JSON.parse(stdout)).toEqual({
    answers: ['fast got 2 messages', 'cheap got 2 messages', 'refused'],
    tokens: { search: 15, nightly: 15 },
  })
})
