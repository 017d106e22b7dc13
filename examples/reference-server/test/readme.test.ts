/** The embedding example of the README runs as it stands there. */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')

test('streams an answer of the engine twin through the gateway', { timeout: 30_000 }, () => {
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? []
  expect(code.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(18)
  // Beside this test, because imports are resolved from where a file lies.
  const file = fileURLToPath(new URL(`./readme-example-${String(process.pid)}.ts`, import.meta.url))
  writeFileSync(file, code)
  try {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=bud-source', file], { encoding: 'utf8', timeout: 20_000 })
    expect([status, stderr.replaceAll(/^.*(ExperimentalWarning|--trace-warnings).*\n/gm, '')]).toEqual([0, ''])
    expect(stdout).toMatch(/cache/i)
  } finally {
    rmSync(file)
  }
})
