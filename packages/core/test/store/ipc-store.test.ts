/** The IPC driver: the suite over a channel that carries JSON, and what happens when the other side fails. */
import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { createIpcStore, serveIpcStore, type IpcEndpoint } from '../../src/store/ipc.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { storeConformance } from '../../src/testing/conformance/store.ts'
import { createFakeClock } from '../../src/testing/fake-clock.ts'

interface Channel {
  readonly holder: IpcEndpoint
  readonly user: IpcEndpoint
  /** While true, nothing that the holder says arrives. */
  muted: boolean
  disconnect(): void
}

/** Two ends of a channel that does to messages what Node's default serialization does. */
function createChannel(): Channel {
  const [holder, user] = [new EventEmitter(), new EventEmitter()]
  const carry = (to: EventEmitter, isOpen: () => boolean) => (message: object, sent: (error: Error | null) => void) => {
    const wire = JSON.stringify(message)
    setImmediate(() => {
      sent(null)
      if (isOpen()) to.emit('message', JSON.parse(wire))
    })
    return true
  }
  const channel: Channel = {
    holder: Object.assign(holder, { send: carry(user, () => !channel.muted) }),
    user: Object.assign(user, { send: carry(holder, () => true) }),
    muted: false,
    disconnect: () => {
      holder.emit('disconnect')
      user.emit('disconnect')
    },
  }
  return channel
}

function connect() {
  const clock = createFakeClock()
  const held = createMemoryStore({ clock })
  const channel = createChannel()
  const server = serveIpcStore(held, channel.holder)
  const store = createIpcStore({ endpoint: channel.user, clock, requestTimeoutMs: 1_000 })
  return { clock, held, channel, server, store }
}

storeConformance({
  describe,
  test,
  name: 'the IPC store',
  create: async () => {
    const { clock, held, store } = connect()
    const channel = createChannel()
    serveIpcStore(held, channel.holder)
    const other = createIpcStore({ endpoint: channel.user, clock })
    return {
      store,
      other,
      nowMs: () => clock.nowMs(),
      advance: (durationMs) => clock.advance(durationMs),
      close: async () => {
        await store[Symbol.asyncDispose]()
        await other[Symbol.asyncDispose]()
        await held[Symbol.asyncDispose]()
      },
    }
  },
})

describe('the IPC store', () => {
  test('gives up on a holder that does not answer, and gives a late reservation back', async () => {
    const { clock, channel, store, held } = connect()
    channel.muted = true
    const claims = [
      { key: 'tokens', amount: 5, limit: 5, windowMs: 3_600_000 },
      { key: 'slots', amount: 1, limit: 1, windowMs: 'lease' as const },
    ]
    const replies: unknown[] = []
    const send = channel.holder.send
    channel.holder.send = (message, sent) => {
      replies.push(structuredClone(message))
      return send?.(message, sent) ?? false
    }
    const reservation = store.reserve(claims)
    reservation.catch(() => undefined)
    await clock.advance(1_000)
    await expect(reservation).rejects.toMatchObject({ code: 'CORE_STORE_TIMEOUT', retryable: true, details: { operation: 'reserve' } })
    expect(await held.reserve(claims)).toMatchObject({ admitted: false })
    channel.muted = false
    if (channel.user instanceof EventEmitter) channel.user.emit('message', replies[0])
    for (let turn = 0; turn < 5; turn += 1) await clock.advance(0)
    expect(await held.reserve(claims)).toMatchObject({ admitted: true })
  })

  test('fails what waits when the channel closes, and everything after', async () => {
    const { store, channel } = connect()
    channel.muted = true
    const waiting = store.get('key')
    channel.disconnect()
    await expect(waiting).rejects.toMatchObject({ code: 'CORE_STORE_UNREACHABLE' })
    await expect(store.get('key')).rejects.toMatchObject({ code: 'CORE_STORE_UNREACHABLE' })
    await store[Symbol.asyncDispose]()
  })

  test('bounds the requests that wait', async () => {
    const { store, channel } = connect()
    channel.muted = true
    const all = Array.from({ length: 10_001 }, () => store.get('key'))
    const last = all.pop()
    await expect(last).rejects.toMatchObject({ code: 'CORE_STORE_BUSY' })
    channel.disconnect()
    expect((await Promise.allSettled(all)).every(({ status }) => status === 'rejected')).toBe(true)
  })

  test('passes errors of the holder on with their code', async () => {
    const { store, held } = connect()
    await held[Symbol.asyncDispose]()
    await expect(store.get('key')).rejects.toMatchObject({ code: 'CORE_STORE_CLOSED', status: 503 })
  })

  test('shares a channel with the messages of others', async () => {
    const { store, channel } = connect()
    if (channel.user instanceof EventEmitter && channel.holder instanceof EventEmitter) {
      for (const end of [channel.user, channel.holder])
        for (const message of ['hello', null, 7, { budStore: 'else' }]) end.emit('message', message)
    }
    expect(await store.set('key', new Uint8Array(3))).toBe(true)
  })

  test('needs a channel', () => {
    const endpoint = { on: () => undefined, off: () => undefined }
    expect(() => createIpcStore({ endpoint })).toThrow(/no channel/)
  })
})
