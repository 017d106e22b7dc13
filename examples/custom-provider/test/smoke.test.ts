/** The program runs, and its signed requests are accepted. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('asks a host that wants signed requests, in both dialects', { timeout: 30_000 }, async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=bud-source', main], { timeout: 20_000 })
  expect(stdout.match(/You said: Hello/g)).toHaveLength(2)
  expect(stdout).toContain('"type":"message"')
  expect(stdout).toContain('the gateway answered 502')
})
