import { describe, expect, test } from 'vitest'
import type { TransportTimeouts } from '@bud-foundry/core'
import { createFakeClock, createFakeTransport, type FakeAnswer } from '@bud-foundry/core/testing'

const request = { url: new URL('http://upstream.test/v1'), method: 'POST', headers: {}, body: undefined }

/** Dispatches one call and notes what its handlers see; `accept` decides about back-pressure. */
function play(answer: FakeAnswer, options: { timeouts?: TransportTimeouts; accept?: () => boolean } = {}) {
  const clock = createFakeClock()
  const transport = createFakeTransport({ clock, answer: () => answer })
  const controller = new AbortController()
  const seen: string[] = []
  const note = (what: string) => seen.push(`${String(clock.monotonicMs())} ${what}`)
  const call = transport.dispatch(
    request,
    {
      onHeaders: (status) => note(`headers ${String(status)}`),
      onData: (chunk) => {
        note(`data ${new TextDecoder().decode(chunk)}`)
        return options.accept?.() ?? true
      },
      onEnd: () => note('end'),
      // Every failure here is a BudError or the scripted Error; both have a message.
      onError: (error) => note(`error ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}`),
    },
    controller.signal,
    options.timeouts,
  )
  return { clock, transport, controller, seen, call }
}

const chunk = (bytes: string) => ({ kind: 'chunk', bytes }) as const
const wait = (durationMs: number) => ({ kind: 'wait', durationMs }) as const

describe('createFakeTransport', () => {
  test('plays status, chunks and delays on the clock', async () => {
    const { clock, seen, transport } = play({ before: [wait(5)], status: 201, body: [chunk('a'), wait(10), chunk('b')] })
    expect(seen).toEqual([])
    await clock.advance(100)
    expect(seen).toEqual(['5 headers 201', '5 data a', '15 data b', '15 end'])
    expect(transport.calls[0]).toMatchObject({ state: 'ended', chunks: 2, request })
  })

  test('waits for resume when a handler refuses more', async () => {
    let accept = false
    const { clock, seen, call } = play({ body: [chunk('a'), chunk('b')] }, { accept: () => accept })
    await clock.advance(1000)
    expect(seen).toEqual(['0 headers 200', '0 data a'])
    accept = true
    call.resume()
    await clock.advance(0)
    expect(seen.slice(2)).toEqual(['1000 data b', '1000 end'])
  })

  test('fails once on abort, on a scripted error and on close, and sends nothing after', async () => {
    const aborted = play({ body: [chunk('a'), { kind: 'stall' }] })
    await aborted.clock.advance(1)
    aborted.controller.abort()
    aborted.controller.abort()
    await aborted.transport[Symbol.asyncDispose]()
    expect(aborted.seen).toEqual(['0 headers 200', '0 data a', '1 error CORE_ABORTED'])

    const broken = play({ body: [chunk('a'), { kind: 'error', error: new Error('reset') }, chunk('b')] })
    await broken.clock.advance(1)
    expect(broken.seen.slice(2)).toEqual(['0 error Error: reset'])

    const closed = play({ before: [{ kind: 'stall' }] })
    await closed.clock.advance(1)
    await closed.transport[Symbol.asyncDispose]()
    await closed.transport[Symbol.asyncDispose]()
    expect(closed.seen).toEqual(['1 error CORE_TRANSPORT_FAILED'])
  })

  test('times out on headers and between chunks, but not while the handler holds it back', async () => {
    const headers = play({ before: [{ kind: 'stall' }] }, { timeouts: { headersMs: 50 } })
    await headers.clock.advance(60)
    expect(headers.seen).toEqual(['50 error CORE_TRANSPORT_TIMEOUT'])

    const idle = play({ body: [wait(20), chunk('a'), wait(29), chunk('b'), wait(31)] }, { timeouts: { idleMs: 30 } })
    await idle.clock.advance(200)
    expect(idle.seen).toEqual(['0 headers 200', '20 data a', '49 data b', '79 error CORE_TRANSPORT_TIMEOUT'])

    const held = play({ body: [chunk('a')] }, { timeouts: { idleMs: 30 }, accept: () => false })
    await held.clock.advance(200)
    held.call.resume()
    await held.clock.advance(0)
    expect(held.seen.at(-1)).toBe('200 end')
  })
})
