/** Watching files: whatever way a file is replaced, its settled state is told once. */
import { rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@bud-foundry/core'
import { expect, it } from 'vitest'
import { watchFiles } from '../../src/config-file/file-watcher.ts'
import { createDirectory } from '../support/directory.ts'

/** A watcher whose changes are awaited one by one. */
function watch(files: () => readonly string[]) {
  let count = 0
  let wake: (() => void) | undefined
  const watcher = watchFiles({
    files,
    clock: systemClock,
    pollMs: 5,
    onChange: async () => {
      count += 1
      wake?.()
    },
  })
  return {
    count: () => count,
    next: (after: number) =>
      new Promise<void>((resolve) => {
        wake = () => {
          if (count > after) resolve()
        }
        wake()
      }),
    [Symbol.asyncDispose]: () => watcher[Symbol.asyncDispose](),
  }
}

it('tells of files written over, replaced, removed and brought back', async () => {
  await using directory = await createDirectory()
  const path = await directory.write('a', '1')
  await using watched = watch(() => [path])
  // One look must have seen the first state.
  await systemClock.sleep(50)
  await writeFile(path, '2')
  await watched.next(0)
  await rename(await directory.write('b', '3'), path)
  await watched.next(1)
  await rm(path)
  await watched.next(2)
  await writeFile(path, '4')
  await watched.next(3)
})

it('tells of a link that comes to lead elsewhere, as mounted secrets do', async () => {
  await using directory = await createDirectory()
  const [one, two] = [await directory.write('one', '1'), await directory.write('two', '2')]
  const link = join(directory.path, 'link')
  await symlink(one, link)
  await using watched = watch(() => [link])
  await systemClock.sleep(50)
  await symlink(two, `${link}.new`)
  await rename(`${link}.new`, link)
  await watched.next(0)
})

it('does not take a file that is new to it for a change', async () => {
  await using directory = await createDirectory()
  const files = [await directory.write('a', '1')]
  await using watched = watch(() => files)
  await systemClock.sleep(50)
  files.push(await directory.write('b', '1'))
  await systemClock.sleep(50)
  expect(watched.count()).toBe(0)
  await writeFile(files[1] ?? '', '2')
  await watched.next(0)
})

it('tells of a file that never rests, before it does', async () => {
  await using directory = await createDirectory()
  const path = await directory.write('a', '0')
  await using watched = watch(() => [path])
  await systemClock.sleep(50)
  // Another content at each look, until it was told of.
  for (let count = 1; watched.count() === 0; count += 1) {
    await writeFile(path, 'x'.repeat(count))
    await systemClock.sleep(1)
  }
})
