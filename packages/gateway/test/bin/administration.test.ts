/** What the commands and the administrator's routes of the command are made of. */
import { createMemoryStore, storeErrors, type Store } from '@bud-foundry/core'
import { expect, it } from 'vitest'
import { accountName, administer, commandCaller } from '../../src/bin/administration.ts'

it('calls an account that the machine has no name for by its number', () => {
  expect(accountName(() => ({ username: 'ada' }))).toBe('ada')
  const nameless = () => {
    throw new Error('uv_os_get_passwd returned ENOENT')
  }
  expect(accountName(nameless)).toBe(`uid-${String(process.getuid?.())}`)
})

it('fails when the store does not take the audit event of a change that it has taken', { timeout: 30_000 }, async () => {
  const store = createMemoryStore()
  const full: Store = {
    contract: store.contract,
    get: (key) => store.get(key),
    set: (key, value, options) =>
      key.startsWith('gateway/audit/')
        ? Promise.reject(storeErrors.STORE_FULL({ what: 'entries', limit: 1 }))
        : store.set(key, value, options),
    compareAndSet: (...args) => store.compareAndSet(...args),
    delete: (key) => store.delete(key),
    list: (prefix) => store.list(prefix),
    reserve: (claims) => store.reserve(claims),
    settle: (...args) => store.settle(...args),
    renew: (...args) => store.renew(...args),
    subscribe: (...args) => store.subscribe(...args),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
  const make = (over: Store) =>
    administer({ store: over }, async ({ admin }) => {
      await admin.call('createKey', { body: { name: 'k' } }, commandCaller())
    })
  await expect(make(full)).rejects.toMatchObject({ code: 'GATEWAY_AUDIT_NOT_STORED' })
  await make(store)
})
