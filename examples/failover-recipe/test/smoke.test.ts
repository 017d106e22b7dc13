/** The program runs, and each failure moves the answer to the next in line. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('moves from replica to replica, to the cloud, to the smaller model, and at last tells the truth', { timeout: 30_000 }, async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=bud-source', main], { timeout: 20_000 })
  const [well, one, both, model, everything] = stdout.trim().split('\n')
  expect(well).toMatch(/^all is well: replica-1 success -> success 200, \d+ pieces/)
  expect(one).toMatch(/replica-1 error, replica-2 success -> success 200/)
  expect(both).toMatch(/cloud success -> success 200/)
  expect(model).toMatch(/small success -> success 200/)
  expect(everything).toMatch(/-> error 50[23]$/)
})
