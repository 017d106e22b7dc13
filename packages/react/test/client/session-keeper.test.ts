/** The session lives as long as the page, and asks for a key only when the server does. */
import { expect, test } from 'vitest'
import { createBudClient } from '../../src/client/client.ts'
import { createSessionKeeper } from '../../src/client/session-keeper.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'
import { createFakeFetch, json, type Call } from '../support/fake-fetch.ts'

function setUp(answer: (call: Call, index: number) => Response | Promise<Response>) {
  const clock = createFakeClock(0)
  const { fetch, calls } = createFakeFetch(answer)
  const client = createBudClient({ fetch, clock })
  const keeper = createSessionKeeper(client)
  return { clock, calls, client, keeper }
}

test('an open server gives a session, which is renewed before it ends', async () => {
  const { clock, calls, keeper } = setUp(() => json({ expiresAtUnixMs: clock.nowMs() + 100_000, scopes: [] }))
  const stop = keeper.start()
  await settle()
  expect(keeper.get()).toMatchObject({ kind: 'active', session: { expiresAtUnixMs: 100_000 } })
  await clock.advance(79_999)
  expect(calls).toHaveLength(1)
  await clock.advance(1)
  expect(calls).toHaveLength(2)
  expect(keeper.get()).toMatchObject({ session: { expiresAtUnixMs: 180_000 } })
  stop()
  expect(clock.timerCount()).toBe(0)
})

test('a guarded server asks for a key; a wrong one says so, a right one opens', async () => {
  const { clock, keeper } = setUp(({ body }) => {
    const { apiKey } = body as { apiKey?: string }
    return apiKey === 'bud-good' ? json({ expiresAtUnixMs: 1e9, scopes: [] }) : json({ error: { message: 'This key is not known.' } }, 401)
  })
  const stop = keeper.start()
  await settle()
  expect(keeper.get()).toEqual({ kind: 'signed-out', error: undefined, isBusy: false })
  await keeper.signIn('bud-bad')
  expect(keeper.get()).toMatchObject({ kind: 'signed-out', error: { message: 'This key is not known.' } })
  await keeper.signIn('bud-good')
  expect(keeper.get().kind).toBe('active')
  stop()
  expect(clock.timerCount()).toBe(0)
})

test('an unreachable server is asked again until it answers', async () => {
  const { clock, keeper } = setUp((_, index) =>
    index < 2 ? Promise.reject(new TypeError('down')) : json({ expiresAtUnixMs: 1e9, scopes: [] }),
  )
  const stop = keeper.start()
  await settle()
  expect(keeper.get()).toMatchObject({ kind: 'unreachable', error: { code: 'REACT_NETWORK_FAILED' } })
  await clock.advance(10_000)
  expect(keeper.get().kind).toBe('active')
  stop()
})

test('a server that restarts does not take the page away while the session is valid', async () => {
  const { clock, keeper } = setUp((_, index) =>
    index === 1 ? Promise.reject(new TypeError('down')) : json({ expiresAtUnixMs: clock.nowMs() + 100_000, scopes: [] }),
  )
  const stop = keeper.start()
  await settle()
  await clock.advance(80_000)
  expect(keeper.get().kind).toBe('active')
  await clock.advance(5_000)
  expect(keeper.get()).toMatchObject({ kind: 'active', session: { expiresAtUnixMs: 185_000 } })
  stop()
})

test('a 401 anywhere renews the session, and signs out when that is refused', async () => {
  const { client, keeper } = setUp(({ url }, index) =>
    url.endsWith('/session') && index === 0 ? json({ expiresAtUnixMs: 1e9, scopes: [] }) : json({}, 401),
  )
  const stop = keeper.start()
  await settle()
  await client.models().catch(() => undefined)
  await settle()
  expect(keeper.get().kind).toBe('signed-out')
  stop()
})

test('stopping during the first request ends it; starting again, as StrictMode does, works', async () => {
  const { calls, keeper } = setUp(() => json({ expiresAtUnixMs: 1e9, scopes: [] }))
  keeper.start()()
  const stop = keeper.start()
  await settle()
  expect(calls.map((call) => call.isAborted())).toEqual([true, false])
  expect(keeper.get().kind).toBe('active')
  stop()
})
