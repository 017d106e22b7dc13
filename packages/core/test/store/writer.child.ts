/** A process that writes to a file store until it is killed, and prints each key once the write is acknowledged. */
import { writeSync } from 'node:fs'
import { createFileStore } from '../../src/store/file-store.ts'

const [path = '', round = ''] = process.argv.slice(2)
const store = await createFileStore({ path })
for (let index = 0; ; index += 1) {
  const key = `round ${round} key ${String(index)}`
  await store.set(key, new TextEncoder().encode(key))
  writeSync(1, `${key}\n`)
}
