/** The program runs, and the policy keeps what fits. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('keeps two requests on the own machine and sends four to the cloud', { timeout: 30_000 }, async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=bud-source', main], { timeout: 20_000 })
  expect(JSON.parse(stdout)).toEqual({ own: 2, cloud: 4 })
})
