import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDataDirectory } from '../src/data-directory.ts'
import { serverErrors } from '../src/errors.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bud-data-'))
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

const attempt = (path: string): unknown => {
  try {
    openDataDirectory(path)[Symbol.dispose]()
    return undefined
  } catch (error) {
    return error
  }
}

test('is made when absent, readable by its owner alone, and opens again after it was closed', () => {
  const path = join(root, 'deep', 'down')
  openDataDirectory(path)[Symbol.dispose]()
  expect(JSON.parse(readFileSync(join(path, 'version.json'), 'utf8'))).toEqual({ format: 1 })
  openDataDirectory(path)[Symbol.dispose]()
})

test('is held by one process at a time, and free after that one was killed', () => {
  const module = JSON.stringify(new URL('../src/data-directory.ts', import.meta.url).href)
  const script = `import(${module}).then(({ openDataDirectory }) => { globalThis.held = openDataDirectory(${JSON.stringify(root)}); process.kill(process.pid, 'SIGKILL') })`
  const holder = openDataDirectory(root)
  expect(serverErrors.DATA_DIRECTORY_LOCKED.is(attempt(root))).toBe(true)
  holder[Symbol.dispose]()
  expect(spawnSync(process.execPath, ['--conditions=bud-source', '--input-type=module', '-e', script]).signal).toBe('SIGKILL')
  expect(attempt(root)).toBeUndefined()
})

test('of a newer server is left alone', () => {
  writeFileSync(join(root, 'version.json'), '{"format":99}')
  expect(serverErrors.DATA_DIRECTORY_NEWER.is(attempt(root))).toBe(true)
  expect(readFileSync(join(root, 'version.json'), 'utf8')).toBe('{"format":99}')
})

test.each(['not json', '{"format":"x"}', '[]'])('with a version file of %j is recognised as not ours', (content) => {
  writeFileSync(join(root, 'version.json'), content)
  expect(serverErrors.DATA_DIRECTORY_FOREIGN.is(attempt(root))).toBe(true)
})

test('that cannot be written is refused with the reason', () => {
  // A file where a directory should be cannot be written by anyone, the administrator included.
  const file = join(root, 'file')
  writeFileSync(file, '')
  expect(serverErrors.DATA_DIRECTORY_UNWRITABLE.is(attempt(join(file, 'below')))).toBe(true)
  mkdirSync(join(root, 'locked'))
  chmodSync(join(root, 'locked'), 0o500)
  const error = attempt(join(root, 'locked'))
  const isAdministrator = process.getuid?.() === 0
  expect(isAdministrator || serverErrors.DATA_DIRECTORY_UNWRITABLE.is(error)).toBe(true)
})
