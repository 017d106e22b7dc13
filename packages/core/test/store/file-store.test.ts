/** The file driver: the suite, files it must refuse, and restarts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, test } from 'vitest'
import { createFileStore } from '../../src/store/file-store.ts'
import { storeLimits } from '../../src/store/store-limits.ts'
import { storeConformance } from '../../src/testing/conformance/store.ts'
import { createFakeClock } from '../../src/testing/fake-clock.ts'

const directories: string[] = []
function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bud-file-store-'))
  directories.push(directory)
  return directory
}
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

storeConformance({
  describe,
  test,
  name: 'the file store',
  create: async () => {
    const clock = createFakeClock()
    const path = join(makeDirectory(), 'state', 'store.db')
    const [store, other] = [await createFileStore({ path, clock }), await createFileStore({ path, clock })]
    return {
      store,
      other,
      nowMs: () => clock.nowMs(),
      advance: (durationMs) => clock.advance(durationMs),
      close: async () => {
        await store[Symbol.asyncDispose]()
        await other[Symbol.asyncDispose]()
      },
    }
  },
})

const value = new TextEncoder().encode('value')

describe('the file store', () => {
  test('keeps values, windows, leases and reservations over a restart', async () => {
    const clock = createFakeClock()
    const path = join(makeDirectory(), 'store.db')
    const claims = [
      { key: 'tokens', amount: 5, limit: 5, windowMs: 3_600_000 },
      { key: 'slots', amount: 1, limit: 1, windowMs: 'lease' as const, leaseMs: 1_000 },
    ]
    let id = ''
    {
      await using store = await createFileStore({ path, clock })
      await store.set('key', value)
      await store.set('short', value, { ttlMs: 500 })
      const reservation = await store.reserve(claims)
      if (reservation.admitted) id = reservation.id
    }
    await clock.advance(500)
    await using store = await createFileStore({ path, clock })
    expect(await store.get('key')).toEqual(value)
    expect(await store.get('short')).toBeUndefined()
    expect(await store.reserve(claims)).toMatchObject({ admitted: false, key: 'tokens' })
    await store.settle(id, [{ key: 'tokens', amount: 0 }])
    expect(await store.reserve(claims)).toMatchObject({ admitted: true })
  })

  test('refuses a file of a newer version, and leaves it as it is', async () => {
    const path = join(makeDirectory(), 'store.db')
    await (await createFileStore({ path }))[Symbol.asyncDispose]()
    const database = new DatabaseSync(path)
    database.exec('PRAGMA user_version = 99')
    database.close()
    const failure = createFileStore({ path })
    await expect(failure).rejects.toMatchObject({ code: 'CORE_STORE_VERSION_NEWER', details: { path, found: 99, supported: 1 } })
    await expect(failure).rejects.toThrow(/upgrade the program/)
  })

  test("refuses somebody else's database and other files", async () => {
    const directory = makeDirectory()
    const foreign = join(directory, 'foreign.db')
    const database = new DatabaseSync(foreign)
    database.exec('CREATE TABLE theirs (a)')
    database.close()
    await expect(createFileStore({ path: foreign })).rejects.toMatchObject({ code: 'CORE_STORE_NOT_OURS' })
    const notes = join(directory, 'notes.txt')
    writeFileSync(notes, 'not a database, but long enough to look at\n'.repeat(100))
    await expect(createFileStore({ path: notes })).rejects.toMatchObject({ code: 'CORE_STORE_NOT_OURS' })
  })

  test('names the path when the directory cannot be made or the file not opened', async () => {
    const directory = makeDirectory()
    writeFileSync(join(directory, 'file'), '')
    const path = join(directory, 'file', 'store.db')
    await expect(createFileStore({ path })).rejects.toMatchObject({ code: 'CORE_STORE_UNWRITABLE', details: { path } })
    await expect(createFileStore({ path: directory })).rejects.toMatchObject({ code: 'CORE_STORE_UNWRITABLE' })
  })

  test('waits for a writer in another process, and says busy when it stays', async () => {
    const clock = createFakeClock()
    const path = join(makeDirectory(), 'store.db')
    await using store = await createFileStore({ path, clock })
    const blocker = new DatabaseSync(path)
    blocker.exec('BEGIN IMMEDIATE')
    const patient = store.set('key', value)
    await clock.advance(1_000)
    blocker.exec('COMMIT')
    expect(await clock.run(patient)).toBe(true)
    blocker.exec('BEGIN IMMEDIATE')
    const tooLong = store.set('key', value)
    tooLong.catch(() => undefined)
    await expect(clock.run(tooLong)).rejects.toMatchObject({ code: 'CORE_STORE_BUSY', retryable: true })
    blocker.close()
  })

  test('says full when the file may not grow, and goes on with what fits', async () => {
    const path = join(makeDirectory(), 'store.db')
    await using store = await createFileStore({ path, fileBytesMax: 1024 * 1024 })
    await store.set('key', value)
    const large = new Uint8Array(600_000)
    await store.set('large', large)
    await expect(store.set('larger', large)).rejects.toMatchObject({ code: 'CORE_STORE_FULL', details: { limit: 1024 * 1024 } })
    expect(await store.get('key')).toEqual(value)
    await store.delete('large')
    expect(await store.set('larger', large)).toBe(true)
  })

  test('sends resync to whoever fell further behind than the log reaches', async () => {
    const clock = createFakeClock()
    const path = join(makeDirectory(), 'store.db')
    await using store = await createFileStore({ path, clock })
    await using other = await createFileStore({ path, clock })
    const kinds: string[] = []
    store.subscribe('p/', (change) => kinds.push(change.kind))
    await clock.advance(0)
    const writes = Array.from({ length: storeLimits.file.changes + 600 }, (_, index) => `p/${String(index)}`)
    for (let start = 0; start < writes.length; start += 1_000) {
      await Promise.all(writes.slice(start, start + 1_000).map((key) => other.set(key, value)))
    }
    await clock.advance(storeLimits.file.changePollMs)
    expect(kinds).toEqual(['resync', 'resync'])
    await other.delete('p/1')
    await clock.advance(storeLimits.file.changePollMs)
    expect(kinds).toEqual(['resync', 'resync', 'delete'])
  })

  test('removes what has expired from the file', async () => {
    const clock = createFakeClock()
    const path = join(makeDirectory(), 'store.db')
    await using store = await createFileStore({ path, clock })
    for (let index = 0; index < 100; index += 1) {
      await store.set(`key ${String(index)}`, value, { ttlMs: 1_000 })
      await store.reserve([
        { key: `w ${String(index)}`, amount: 1, limit: 1, windowMs: 1_000 },
        { key: `l ${String(index)}`, amount: 1, limit: 1, windowMs: 'lease', leaseMs: 1_000 },
      ])
    }
    await clock.advance(5_000)
    await store.set('last', value)
    const reader = new DatabaseSync(path, { readOnly: true })
    const counts = ['entries', 'windows', 'leases', 'reservations'].map(
      (table) => reader.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'],
    )
    reader.close()
    expect(counts).toEqual([1, 0, 0, 0])
  })
})
