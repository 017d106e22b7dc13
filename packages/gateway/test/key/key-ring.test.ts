/** Virtual keys, and the projects and users above them: what is stored, who is let in, and how changes spread. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createMemoryStore, createSecret, storeErrors, type Store } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, test } from 'vitest'
import { createGovernanceAdmin, createKeyRing, type KeyRing } from '../../src/index.ts'
import { createRevocationJournal } from '../../src/node/revocation-journal.ts'
import { createDirectory } from '../support/directory.ts'

const startUnixMs = Date.UTC(2026, 0, 1)

function setUp() {
  const clock = createFakeClock({ startUnixMs })
  const store = createMemoryStore({ clock })
  const failures: unknown[] = []
  const open = (over: Store = store): KeyRing => createKeyRing({ store: over, clock, onFailure: (error) => failures.push(error) })
  return { clock, store, open, failures }
}

const textOf = async (store: Store): Promise<string> => {
  let text = ''
  for await (const key of store.list('')) text += key + new TextDecoder().decode(await store.get(key))
  return text
}

test('a key is shown once: the store holds its hash', async () => {
  const { store, open } = setUp()
  await using ring = open()
  const { key, record } = await ring.create({ name: 'first' })
  expect(key.reveal()).toMatch(/^bud_[0-9a-z]{52}$/)
  expect(key.reveal().startsWith(record.prefix)).toBe(true)
  expect(await textOf(store)).not.toContain(key.reveal())
  expect(JSON.stringify([record, key])).not.toContain(key.reveal())
  expect(ring.authenticate(key.reveal())).toEqual({ kind: 'accepted', record })
  expect(ring.authenticate(`${key.reveal()}x`)).toEqual({ kind: 'refused', reason: 'unknown' })
})

test('a rotated key is accepted beside the new one until its time, everywhere', async () => {
  const { clock, open } = setUp()
  await using here = open()
  await using there = open()
  const first = await here.create({ name: 'k' })
  const second = await here.rotate(first.record.id, { overlapMs: 60_000 })
  const kinds = (ring: KeyRing, keys: readonly (typeof first | undefined)[]) =>
    keys.map((each) => ring.authenticate(each?.key.reveal()).kind)
  for (const ring of [here, there]) await expect.poll(() => kinds(ring, [first, second])).toEqual(['accepted', 'accepted'])
  expect(second?.record.id).toBe(first.record.id)
  await clock.advance(60_000)
  for (const ring of [here, there]) expect(kinds(ring, [first, second])).toEqual(['refused', 'accepted'])
  const third = await here.rotate(first.record.id)
  for (const ring of [here, there]) await expect.poll(() => kinds(ring, [first, second, third])).toEqual(['refused', 'refused', 'accepted'])
  await here.revoke(first.record.id)
  await expect(here.rotate(first.record.id)).rejects.toMatchObject({ code: 'GATEWAY_KEY_REVOKED' })
  for (const ring of [here, there]) await expect.poll(() => kinds(ring, [third])).toEqual(['refused'])
  expect(await here.rotate('unknown')).toBeUndefined()
})

test('keeps at most four earlier keys in overlap', async () => {
  const { open } = setUp()
  await using ring = open()
  const first = await ring.create({ name: 'k' })
  const keys = [first.key]
  for (let index = 0; index < 5; index += 1) {
    const next = await ring.rotate(first.record.id, { overlapMs: 60_000 })
    if (next !== undefined) keys.push(next.key)
  }
  expect(keys.map((key) => ring.authenticate(key.reveal()).kind)).toEqual(['refused', ...Array.from({ length: 5 }, () => 'accepted')])
})

test('an update changes what it names, and null takes a field away', async () => {
  const { open } = setUp()
  await using ring = open()
  const { record } = await ring.create({ name: 'k', models: ['a'], tags: { team: 'x' } })
  expect(await ring.update(record.id, { name: 'l', models: null, expiresUnixMs: startUnixMs + 5 })).toEqual({
    ...Object.fromEntries(Object.entries(record).filter(([field]) => field !== 'models')),
    name: 'l',
    expiresUnixMs: startUnixMs + 5,
  })
  await expect(ring.update(record.id, { limits: [{ kind: 'requests', limit: -1, window: 'minute' }] })).rejects.toMatchObject({
    code: 'CORE_CONFIG_INVALID',
    message: expect.stringContaining('limits.0.limit') as unknown,
  })
  expect(await ring.update('unknown', {})).toBeUndefined()
})

test('an expired key is refused at its millisecond, and leaves the store', async () => {
  const { clock, store, open } = setUp()
  await using ring = open()
  const { key } = await ring.create({ name: 'k', expiresUnixMs: startUnixMs + 1_000 })
  await clock.advance(999)
  expect(ring.authenticate(key.reveal()).kind).toBe('accepted')
  await clock.advance(1)
  expect(ring.authenticate(key.reveal())).toEqual({ kind: 'refused', reason: 'expired' })
  expect(await textOf(store)).toBe('')
})

test('an expired key leaves the memory too, a day after it was over', async () => {
  const { clock, open } = setUp()
  await using ring = open()
  for (let count = 0; count < 20; count += 1) await ring.create({ name: 'short', expiresUnixMs: clock.nowMs() + 1_000 })
  await clock.advance(86_400_000 + 1_000)
  const { record } = await ring.create({ name: 'long' })
  expect(ring.list().map(({ id }) => id)).toEqual([record.id])
})

test('a key whose change cannot be read is refused: the change may have revoked it', async () => {
  const { clock, store, open, failures } = setUp()
  await using ring = open()
  const { key, record } = await ring.create({ name: 'k' })
  await store.set(`gateway/keys/${record.id}`, Buffer.from(JSON.stringify({ ...record, ofAVersionToCome: true })))
  await clock.advance(0)
  expect(ring.authenticate(key.reveal())).toEqual({ kind: 'refused', reason: 'unknown' })
  expect(failures).toMatchObject([{ code: 'GATEWAY_KEY_RECORD_INVALID' }])
})

test('a key of one’s own can be brought in, once', async () => {
  const { open } = setUp()
  await using ring = open()
  const key = createSecret('legacy-key-0123456789')
  await ring.create({ name: 'k', key })
  expect(ring.authenticate(key.reveal()).kind).toBe('accepted')
  await expect(ring.create({ name: 'again', key })).rejects.toMatchObject({ code: 'GATEWAY_ALREADY_EXISTS' })
})

test('a disabled project or user stops its keys at once, everywhere, and enabling brings them back', async () => {
  const { open } = setUp()
  await using here = open()
  await using there = open()
  const { key } = await here.create({ name: 'k', projectId: 'p', userId: 'u' })
  const seen = (ring: KeyRing) => ring.authenticate(key.reveal())
  await here.projects.create({ id: 'p' })
  await here.users.create({ id: 'u', disabled: true })
  for (const ring of [here, there]) await expect.poll(() => seen(ring)).toEqual({ kind: 'refused', reason: 'disabled' })
  await there.users.update('u', { disabled: false })
  for (const ring of [here, there]) await expect.poll(() => seen(ring).kind).toBe('accepted')
  await there.projects.update('p', { disabled: true })
  for (const ring of [here, there]) await expect.poll(() => seen(ring).kind).toBe('refused')
  expect(await here.projects.delete('p')).toBe(true)
  for (const ring of [here, there]) await expect.poll(() => seen(ring).kind).toBe('accepted')
  await expect(here.users.create({ id: 'u' })).rejects.toMatchObject({ code: 'GATEWAY_ALREADY_EXISTS' })
})

/** A store that fails while `isAway`, and tells of changes only while it is not. */
function cut(held: Store) {
  const state = { isAway: false, resync: () => undefined }
  const answer = <Result>(call: () => Promise<Result>): Promise<Result> =>
    state.isAway ? Promise.reject(storeErrors.STORE_UNREACHABLE({ what: 'cut off', fix: 'wait' })) : call()
  const store: Store = {
    contract: 'store/1',
    get: (key) => answer(() => held.get(key)),
    set: (key, value, options) => answer(() => held.set(key, value, options)),
    compareAndSet: (key, expected, value, options) => answer(() => held.compareAndSet(key, expected, value, options)),
    delete: (key) => answer(() => held.delete(key)),
    async *list(prefix) {
      await answer(() => Promise.resolve())
      yield* held.list(prefix)
    },
    subscribe: (prefix, onChange) =>
      held.subscribe(prefix, (change) => {
        if (!state.isAway) onChange(change)
        else if (change.kind !== 'resync') missed.add(onChange)
      }),
    reserve: (claims) => answer(() => held.reserve(claims)),
    settle: (id, actual) => answer(() => held.settle(id, actual)),
    renew: (ids, leaseMs) => answer(() => held.renew(ids, leaseMs)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const missed = new Set<(change: { readonly kind: 'resync' }) => void>()
  const mend = () => {
    state.isAway = false
    for (const onChange of missed) onChange({ kind: 'resync' })
    missed.clear()
  }
  return { store, state, mend }
}

test('goes on with what it knows while the store is away, and learns of revocations when it is back', async () => {
  const { store, open } = setUp()
  const far = cut(store)
  await using here = open()
  await using there = open(far.store)
  const { key, record } = await here.create({ name: 'k' })
  await expect.poll(() => there.authenticate(key.reveal()).kind).toBe('accepted')
  far.state.isAway = true
  await here.revoke(record.id)
  expect(there.authenticate(key.reveal()).kind).toBe('accepted')
  far.mend()
  await expect.poll(() => there.authenticate(key.reveal()).kind).toBe('refused')
})

test('a revocation that the store could not be told holds here at once, and everywhere when it is back', async () => {
  const { store, open, clock } = setUp()
  const far = cut(store)
  await using here = open()
  await using there = open(far.store)
  const { key, record } = await here.create({ name: 'k' })
  await expect.poll(() => there.authenticate(key.reveal()).kind).toBe('accepted')
  far.state.isAway = true
  await expect(there.revoke(record.id)).rejects.toMatchObject({ code: 'GATEWAY_REVOCATION_PENDING' })
  expect(there.authenticate(key.reveal())).toEqual({ kind: 'refused', reason: 'revoked' })
  far.state.isAway = false
  await here.update(record.id, { name: 'renamed' })
  expect(there.authenticate(key.reveal()).kind).toBe('refused')
  far.state.isAway = true
  await here.update(record.id, { name: 'renamed again' })
  far.mend()
  await expect.poll(() => here.authenticate(key.reveal())).toEqual({ kind: 'refused', reason: 'revoked' })
  await clock.advance(1)
})

test('a revocation that a hanging store did not take is told when it goes on, though nothing says so', async () => {
  const { store, open, clock } = setUp()
  let hangs = false
  const hanging: Store = {
    ...cut(store).store,
    get: (key) => (hangs ? Promise.reject(storeErrors.STORE_TIMEOUT({ operation: 'get', timeoutMs: 5_000 })) : store.get(key)),
  }
  await using here = open()
  await using there = open(hanging)
  const { key, record } = await here.create({ name: 'k' })
  await expect.poll(() => there.authenticate(key.reveal()).kind).toBe('accepted')
  hangs = true
  await expect(there.revoke(record.id)).rejects.toMatchObject({ code: 'GATEWAY_REVOCATION_PENDING', status: 503 })
  await clock.advance(1_000)
  expect([here, there].map((ring) => ring.authenticate(key.reveal()).kind)).toEqual(['accepted', 'refused'])
  hangs = false
  await clock.advance(250)
  await expect.poll(() => here.authenticate(key.reveal())).toEqual({ kind: 'refused', reason: 'revoked' })
  expect(here.get(record.id)?.revokedUnixMs).toBeDefined()
})

test('a revocation is told to the other processes before the store answers, and each of them tells the store', async () => {
  const { store, clock, open } = setUp()
  const far = cut(store)
  await using there = open(far.store)
  await using here = createKeyRing({
    store: far.store,
    clock,
    onRevoke: (id) => {
      there.refuse(id)
    },
  })
  const { key, record } = await here.create({ name: 'k' })
  await expect.poll(() => there.authenticate(key.reveal()).kind).toBe('accepted')
  far.state.isAway = true
  const revoking = here.revoke(record.id)
  expect([here, there].map((ring) => ring.authenticate(key.reveal()).kind)).toEqual(['refused', 'refused'])
  await expect(revoking).rejects.toMatchObject({ code: 'GATEWAY_REVOCATION_PENDING' })
  // Whoever was told it first may be gone when the store is back.
  await here[Symbol.asyncDispose]()
  far.state.isAway = false
  await using later = open()
  await clock.advance(250)
  await expect.poll(() => later.authenticate(key.reveal())).toEqual({ kind: 'refused', reason: 'revoked' })
})

test('a revocation that the store did not take outlasts the process in a journal', async () => {
  await using directory = await createDirectory()
  const path = join(directory.path, 'pending')
  const { store, clock, open } = setUp()
  const far = cut(store)
  const start = () => createKeyRing({ store: far.store, clock, journal: createRevocationJournal(path) })
  const before = start()
  const { key, record } = await before.create({ name: 'k' })
  const other = await before.create({ name: 'other' })
  await before.revoke(other.record.id)
  await expect(readdir(path)).rejects.toMatchObject({ code: 'ENOENT' })
  far.state.isAway = true
  await expect(before.revoke(record.id)).rejects.toMatchObject({
    code: 'GATEWAY_REVOCATION_PENDING',
    message: expect.stringContaining('after a restart too') as string,
  })
  await before[Symbol.asyncDispose]()
  far.state.isAway = false
  await using after = start()
  await after.ready
  expect(after.authenticate(key.reveal())).toEqual({ kind: 'refused', reason: 'revoked' })
  await using elsewhere = open()
  await elsewhere.ready
  expect(elsewhere.authenticate(key.reveal()).kind).toBe('accepted')
  await clock.advance(250)
  await expect.poll(() => elsewhere.authenticate(key.reveal())).toEqual({ kind: 'refused', reason: 'revoked' })
  await expect.poll(() => readdir(path)).toEqual([])
})

test('a journal that cannot be written or read keeps nobody out, and is said', async () => {
  await using directory = await createDirectory()
  const path = await directory.write('no-directory', '')
  const { store, clock, failures } = setUp()
  const far = cut(store)
  const start = () =>
    createKeyRing({ store: far.store, clock, journal: createRevocationJournal(path), onFailure: (error) => failures.push(error) })
  await using ring = start()
  const { key, record } = await ring.create({ name: 'k' })
  expect(ring.authenticate(key.reveal()).kind).toBe('accepted')
  far.state.isAway = true
  await expect(ring.revoke(record.id)).rejects.toThrow(/revoke it again should this process end before/)
  expect(failures).toHaveLength(2)
  expect(ring.authenticate(key.reveal()).kind).toBe('refused')
})

test('a rotation without overlap ends the keys before the last as well', async () => {
  const { open } = setUp()
  await using ring = open()
  const first = await ring.create({ name: 'k' })
  await ring.rotate(first.record.id, { overlapMs: 60_000 })
  expect(ring.authenticate(first.key.reveal()).kind).toBe('accepted')
  await ring.rotate(first.record.id)
  expect(ring.authenticate(first.key.reveal()).kind).toBe('refused')
})

test('reads again what was announced and could not be read', async () => {
  const { store, open, clock, failures } = setUp()
  const far = cut(store)
  let fails = false
  const flaky: Store = { ...far.store, get: (key) => (fails ? Promise.reject(new Error('not now')) : store.get(key)) }
  await using here = open()
  await using there = open(flaky)
  const { key, record } = await here.create({ name: 'k' })
  await expect.poll(() => there.authenticate(key.reveal()).kind).toBe('accepted')
  fails = true
  await here.revoke(record.id)
  await expect.poll(() => failures.length).toBeGreaterThan(0)
  fails = false
  await clock.advance(250)
  await expect.poll(() => there.authenticate(key.reveal()).kind).toBe('refused')
})

test('one record that cannot be read locks nobody else out', async () => {
  const { store, open, failures } = setUp()
  await using first = open()
  const { key } = await first.create({ name: 'k' })
  await store.set('gateway/keys/broken', new TextEncoder().encode('{'))
  await using second = open()
  await second.ready
  expect(second.authenticate(key.reveal()).kind).toBe('accepted')
  expect(failures).toContainEqual(expect.objectContaining({ code: 'GATEWAY_KEY_RECORD_INVALID' }))
})

test('the administration lists keys of a project or user, and forgets deleted ones', async () => {
  const { open } = setUp()
  await using keys = open()
  const admin = createGovernanceAdmin({ keys })
  const mine = await admin.createKey({ name: 'a', projectId: 'p', userId: 'u' })
  await admin.createKey({ name: 'b', projectId: 'p' })
  await admin.createKey({ name: 'c' })
  expect(admin.listKeys().map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  expect(admin.listKeys({ projectId: 'p' }).map(({ name }) => name)).toEqual(['a', 'b'])
  expect(admin.listKeys({ projectId: 'p', userId: 'u' }).map(({ name }) => name)).toEqual(['a'])
  expect(await admin.deleteKey(mine.record.id)).toBe(true)
  expect(await admin.deleteKey(mine.record.id)).toBe(false)
  expect(keys.authenticate(mine.key.reveal())).toEqual({ kind: 'refused', reason: 'unknown' })
  await expect(admin.listCredentials()).rejects.toMatchObject({ code: 'GATEWAY_NO_CREDENTIAL_VAULT' })
})
