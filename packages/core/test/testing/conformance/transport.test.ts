/** The transport suite passes for the fake and for one with sockets, and rejects transports that break its rules. */
import { Agent, request as httpRequest, type ClientRequest } from 'node:http'
import { describe, expect, test } from 'vitest'
import { coreErrors, type Transport, type TransportHandlers } from '@bud-foundry/core'
import { createFakeClock, createFakeTransport, type FakeAnswer } from '@bud-foundry/core/testing'
import { createScriptedServer, transportConformance, type TransportUnderTest } from '@bud-foundry/core/testing/conformance'
import type { UpstreamRequest } from '@bud-foundry/core'
import { failedCases } from './failed-cases.ts'

/** A transport over node:http, as plain as can be. */
function createHttpTransport(): Transport {
  const agent = new Agent({ keepAlive: true })
  const open = new Set<(error: unknown) => void>()
  let closed = false

  function start(request: UpstreamRequest, handlers: TransportHandlers, fail: (error: unknown) => void, end: () => void): ClientRequest {
    const outgoing = httpRequest(request.url, { method: request.method, headers: request.headers, agent })
    outgoing.on('error', fail)
    outgoing.on('response', (response) => {
      handlers.onHeaders(response.statusCode ?? 0, response.headers)
      response.on('data', (chunk: Buffer) => {
        if (!handlers.onData(chunk)) response.pause()
      })
      response.on('end', end)
      response.on('error', fail)
    })
    outgoing.end(request.body)
    return outgoing
  }

  return {
    contract: 'transport/1',
    dispatch: (request, handlers, signal, timeouts = {}) => {
      let over = false
      let outgoing: ClientRequest | undefined
      let response: { resume(): void } | undefined
      let timer: ReturnType<typeof setTimeout> | undefined
      const finish = (report: () => void) => {
        if (over) return
        over = true
        clearTimeout(timer)
        open.delete(fail)
        signal?.removeEventListener('abort', onAbort)
        report()
      }
      const fail = (error: unknown) => {
        finish(() => {
          outgoing?.destroy()
          handlers.onError(error)
        })
      }
      const onAbort = () => {
        fail(coreErrors.ABORTED({ what: 'the call' }, { cause: signal?.reason }))
      }
      const watch = (limitMs: number | undefined) => {
        clearTimeout(timer)
        if (limitMs !== undefined) timer = setTimeout(fail, limitMs, new Error('timeout'))
      }
      const guarded: TransportHandlers = {
        ...handlers,
        onHeaders: (status, headers) => {
          if (over) return
          watch(timeouts.idleMs)
          handlers.onHeaders(status, headers)
        },
        onData: (chunk) => {
          watch(timeouts.idleMs)
          return over || handlers.onData(chunk)
        },
      }
      open.add(fail)
      signal?.addEventListener('abort', onAbort, { once: true })
      queueMicrotask(() => {
        if (closed) fail(new Error('closed'))
        else if (signal?.aborted === true) onAbort()
        if (over) return
        watch(timeouts.headersMs)
        outgoing = start(request, guarded, fail, () => {
          finish(handlers.onEnd.bind(handlers))
        })
        outgoing.on('response', (incoming) => (response = incoming))
      })
      return {
        resume: () => {
          if (!over) response?.resume()
        },
        abort: fail,
      }
    },
    [Symbol.asyncDispose]: () => {
      closed = true
      for (const fail of [...open]) fail(new Error('closed'))
      agent.destroy()
      return Promise.resolve()
    },
  }
}

async function overHttp(answer: (request: UpstreamRequest) => FakeAnswer): Promise<TransportUnderTest> {
  const server = await createScriptedServer(answer)
  const transport = createHttpTransport()
  return {
    transport,
    baseUrl: server.baseUrl,
    close: async () => {
      await transport[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

function overFake(
  answer: (request: UpstreamRequest) => FakeAnswer,
  wrap: (transport: Transport) => Transport = (transport) => transport,
): Promise<TransportUnderTest> {
  const clock = createFakeClock()
  const transport = wrap(createFakeTransport({ clock, answer: lowerCased(answer) }))
  return Promise.resolve({
    transport,
    baseUrl: new URL('http://upstream.test'),
    settle: async (promise) => {
      const state = { settled: false }
      const note = () => {
        state.settled = true
      }
      promise.then(note, note)
      for (let step = 0; step < 2000; step += 1) {
        if (state.settled) return promise
        await clock.advance(5)
      }
      throw new Error('the call does not end')
    },
    close: async () => {
      await transport[Symbol.asyncDispose]()
    },
  })
}

/** HTTP libraries lower header names; a script says them as it likes. */
function lowerCased(answer: (request: UpstreamRequest) => FakeAnswer): (request: UpstreamRequest) => FakeAnswer {
  return (request) => {
    const scripted = answer(request)
    return {
      ...scripted,
      headers: Object.fromEntries(Object.entries(scripted.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    }
  }
}

transportConformance({ describe, test, name: 'the fake transport', create: (answer) => overFake(answer) })
transportConformance({ describe, test, name: 'a transport over node:http', create: overHttp })

/** A transport that changes what the handlers of every call see. */
const withHandlers =
  (change: (handlers: TransportHandlers) => TransportHandlers) =>
  (transport: Transport): Transport => ({
    ...transport,
    dispatch: (request, handlers, ...rest) => transport.dispatch(request, change(handlers), ...rest),
  })

describe('transportConformance', () => {
  test.each<[string, (transport: Transport) => Transport, string]>([
    [
      'ignores back-pressure',
      withHandlers((handlers) => ({ ...handlers, onData: (chunk) => (handlers.onData(chunk), true) })),
      'sends nothing while paused',
    ],
    [
      'fails twice',
      withHandlers((handlers) => ({ ...handlers, onError: (error) => (handlers.onError(error), handlers.onError(error)) })),
      'fails once when the signal aborts',
    ],
    [
      'takes a cut answer for a whole one',
      withHandlers((handlers) => ({ ...handlers, onError: () => handlers.onEnd() })),
      'never takes a cut answer',
    ],
    [
      'loses the last byte',
      withHandlers((handlers) => ({ ...handlers, onData: (chunk) => handlers.onData(chunk.subarray(0, -1)) })),
      'all bytes in order',
    ],
    [
      'turns error statuses into errors',
      withHandlers((handlers) => ({
        ...handlers,
        onHeaders: (status, headers) => (status < 400 ? handlers.onHeaders(status, headers) : handlers.onError(new Error())),
      })),
      'delivers error statuses',
    ],
    [
      'ignores timeouts',
      (transport) => ({ ...transport, dispatch: (request, handlers, signal) => transport.dispatch(request, handlers, signal) }),
      'times out',
    ],
  ])('rejects a transport that %s', async (_, wrap, title) => {
    const failed = await failedCases((runner) => {
      transportConformance({ ...runner, name: 'broken', create: (answer) => overFake(answer, wrap) })
    })
    expect(failed.join('\n')).toContain(title)
  })
})
