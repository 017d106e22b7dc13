/** The directory lock: one holder at a time, also across processes that are killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockDirectory } from '../../src/store/directory-lock.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bud-lock-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

test('one holder at a time, in one process too', () => {
  const path = join(directory, 'made', 'deep')
  const lock = lockDirectory(path)
  expect(() => lockDirectory(path)).toThrow(expect.objectContaining({ code: 'CORE_STORE_LOCKED', details: { path } }))
  lock[Symbol.dispose]()
  lock[Symbol.dispose]()
  lockDirectory(path)[Symbol.dispose]()
})

test('a killed process lets go', async () => {
  const source = new URL('../../src/store/directory-lock.ts', import.meta.url).href
  const script = `import { lockDirectory } from ${JSON.stringify(source)}; lockDirectory(process.argv[1]); process.stdout.write('held'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--conditions=bud-source', '--no-warnings', '--input-type=module', '-e', script, directory])
  await once(child.stdout, 'data')
  expect(() => lockDirectory(directory)).toThrow(expect.objectContaining({ code: 'CORE_STORE_LOCKED' }))
  child.kill('SIGKILL')
  await once(child, 'exit')
  lockDirectory(directory)[Symbol.dispose]()
})

test('names a directory that cannot be made', () => {
  writeFileSync(join(directory, 'file'), '')
  const path = join(directory, 'file', 'below')
  expect(() => lockDirectory(path)).toThrow(
    expect.objectContaining({ code: 'CORE_STORE_UNWRITABLE', details: expect.objectContaining({ path }) }),
  )
})
