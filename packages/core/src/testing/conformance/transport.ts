/** What every Transport must do, as a suite that any test runner can run. */
import assert from 'node:assert/strict'
import type { Transport, TransportCall, TransportTimeouts, UpstreamRequest } from '../../contracts/transport.ts'
import type { FakeAnswer, FakeStep } from '../fake-answer.ts'
import { registerCases, type ConformanceCase } from './suite.ts'
import type { SuiteRunner } from './suite-runner.ts'

export { createScriptedServer, type ScriptedServer } from '../scripted-server.ts'

/** A transport with an upstream for it. */
export interface TransportUnderTest {
  readonly transport: Transport
  /** Where the scripted upstream answers. */
  readonly baseUrl: URL
  /** Waits for the promise while the transport's time passes; absent where that is real time. */
  readonly settle?: (<Value>(promise: Promise<Value>) => Promise<Value>) | undefined
  close(): Promise<void>
}

/** What the suite is run on. */
export interface TransportConformanceOptions extends SuiteRunner {
  readonly name: string
  /** A new transport and an upstream that plays these answers: `createScriptedServer(answer)` for one with sockets. */
  readonly create: (answer: (request: UpstreamRequest) => FakeAnswer) => Promise<TransportUnderTest>
}

const timeoutMs = 60
const chunkBytes = 64 * 1024
const bigChunks = 48

const chunk = (bytes: string | Uint8Array): FakeStep => ({ kind: 'chunk', bytes })
const stall: FakeStep = { kind: 'stall' }
const breakOff: FakeStep = { kind: 'error', error: new Error('the scripted upstream broke the connection') }
const bigChunk = (index: number) => chunk(new Uint8Array(chunkBytes).fill(index))

const answers: Readonly<Record<string, (request: UpstreamRequest) => FakeAnswer>> = {
  '/plain': () => ({ status: 200, headers: { 'X-Answer': 'plain' }, body: [chunk('one '), chunk('two '), chunk('three')] }),
  '/empty': () => ({ status: 204 }),
  '/teapot': () => ({ status: 418, body: 'short and stout' }),
  '/unavailable': () => ({ status: 503, headers: { 'retry-after': '7' }, body: 'later' }),
  '/echo': ({ method, url, headers, body }) => ({
    body: JSON.stringify({ method, search: url.search, header: headers['x-question'], body: new TextDecoder().decode(body) }),
  }),
  '/big': () => ({ body: Array.from({ length: bigChunks }, (_, index) => bigChunk(index)) }),
  '/silent': () => ({ before: [stall] }),
  '/stalled': () => ({ body: [chunk('begun'), stall] }),
  '/broken-early': () => ({ before: [breakOff] }),
  '/broken-late': () => ({ headers: { 'content-length': '1000' }, body: [chunk('begun'), { kind: 'wait', durationMs: 20 }, breakOff] }),
}

interface Recorded {
  readonly call: TransportCall
  readonly seen: readonly string[]
  readonly status: () => number | undefined
  readonly headers: () => Readonly<Record<string, unknown>>
  readonly body: () => Buffer
  readonly error: () => unknown
  /** Resolves when the call is over. */
  readonly over: Promise<void>
  /** Resolves with the first byte. */
  readonly begun: Promise<void>
}

interface CallOptions {
  readonly signal?: AbortSignal
  readonly timeouts?: TransportTimeouts
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly onData?: (call: () => TransportCall) => boolean
}

interface Context extends TransportUnderTest {
  /** Rules seen broken inside a handler: an exception there would land in the transport, not in the test. */
  readonly broken: string[]
}

/** Dispatches one call and records what its handlers see, checking that nothing follows its end. */
function record({ transport, baseUrl, broken: violations }: Context, path: string, options: CallOptions = {}): Recorded {
  const seen: string[] = []
  const chunks: Uint8Array[] = []
  let status: number | undefined
  let headers: Readonly<Record<string, unknown>> = {}
  let failure: unknown
  const over = Promise.withResolvers<undefined>()
  const begun = Promise.withResolvers<undefined>()
  const note = (what: string) => {
    const last = seen.at(-1)
    if (last === 'end' || last === 'error') violations.push(`'${what}' came after '${last}'`)
    seen.push(what)
  }
  const call: TransportCall = transport.dispatch(
    {
      url: new URL(path, baseUrl),
      method: options.method ?? 'GET',
      headers: options.headers ?? {},
      body: options.body,
    },
    {
      onHeaders: (answered, fields) => {
        note('headers')
        status = answered
        headers = fields
      },
      onData: (bytes) => {
        note('data')
        chunks.push(Uint8Array.from(bytes))
        begun.resolve(undefined)
        return options.onData?.(() => call) ?? true
      },
      onEnd: () => {
        note('end')
        over.resolve(undefined)
      },
      onError: (error) => {
        note('error')
        failure = error
        over.resolve(undefined)
      },
    },
    options.signal,
    options.timeouts,
  )
  assert.deepEqual(seen, [], 'a handler was called before dispatch had returned')
  return {
    call,
    seen,
    status: () => status,
    headers: () => headers,
    body: () => Buffer.concat(chunks),
    error: () => failure,
    over: over.promise,
    begun: begun.promise,
  }
}

/** Enough turns of the event loop for anything that was on its way to arrive. */
async function turns(count = 8): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

type Body = (under: Context, settle: <Value>(promise: Promise<Value>) => Promise<Value>) => Promise<void>

const outline = (seen: readonly string[]): readonly string[] => seen.filter((what, index) => what !== 'data' || seen[index - 1] !== 'data')

const delivering: readonly (readonly [string, Body])[] = [
  [
    'delivers status, headers in lower case, all bytes in order, and the end once',
    async (under, settle) => {
      const recorded = record(under, '/plain')
      await settle(recorded.over)
      assert.deepEqual(outline(recorded.seen), ['headers', 'data', 'end'])
      assert.equal(recorded.status(), 200)
      assert.equal(recorded.headers()['x-answer'], 'plain')
      assert.equal(recorded.body().toString(), 'one two three')
    },
  ],
  [
    'delivers an answer without a body',
    async (under, settle) => {
      const recorded = record(under, '/empty')
      await settle(recorded.over)
      assert.deepEqual([recorded.seen, recorded.status()], [['headers', 'end'], 204])
    },
  ],
  [
    'delivers error statuses as answers, with their headers and bodies',
    async (under, settle) => {
      const [teapot, unavailable] = [record(under, '/teapot'), record(under, '/unavailable')]
      await settle(Promise.all([teapot.over, unavailable.over]))
      assert.deepEqual([teapot.status(), teapot.body().toString()], [418, 'short and stout'])
      assert.deepEqual([unavailable.status(), unavailable.headers()['retry-after'], unavailable.seen.at(-1)], [503, '7', 'end'])
    },
  ],
  [
    'sends method, path, query, headers and body as they are given',
    async (under, settle) => {
      const body = new TextEncoder().encode('{"text":"ä€😀"}')
      const recorded = record(under, '/echo?a=1&b=%20', { method: 'POST', headers: { 'x-question': 'why' }, body })
      await settle(recorded.over)
      assert.deepEqual(JSON.parse(recorded.body().toString()), {
        method: 'POST',
        search: '?a=1&b=%20',
        header: 'why',
        body: '{"text":"ä€😀"}',
      })
    },
  ],
  [
    'keeps concurrent calls apart',
    async (under, settle) => {
      const calls = Array.from({ length: 20 }, (_, index) => record(under, `/echo?n=${String(index)}`))
      await settle(Promise.all(calls.map(({ over }) => over)))
      for (const [index, recorded] of calls.entries()) {
        assert.equal((JSON.parse(recorded.body().toString()) as { readonly search: string }).search, `?n=${String(index)}`)
      }
    },
  ],
  [
    'sends nothing while paused, and everything in the end',
    async (under, settle) => {
      let paused = false
      let pauses = 0
      const recorded = record(under, '/big', {
        onData: (call) => {
          if (paused) under.broken.push('data came while the call was paused')
          paused = true
          pauses += 1
          void turns(2).then(() => {
            paused = false
            call().resume()
          })
          return false
        },
      })
      await settle(recorded.over)
      assert.equal(recorded.seen.at(-1), 'end', String(recorded.error()))
      assert.ok(pauses > 1)
      const body = recorded.body()
      assert.equal(body.length, bigChunks * chunkBytes)
      for (let index = 0; index < bigChunks; index += 1) assert.equal(body[index * chunkBytes], index)
    },
  ],
]

const ending: readonly (readonly [string, Body])[] = [
  [
    'fails once when the signal aborts: before the answer, within it, and before the call',
    async (under, settle) => {
      const before = new AbortController()
      const within = new AbortController()
      const silent = record(under, '/silent', { signal: before.signal })
      const stalled = record(under, '/stalled', { signal: within.signal })
      const never = record(under, '/plain', { signal: AbortSignal.abort() })
      await settle(stalled.begun)
      before.abort()
      within.abort()
      await settle(Promise.all([silent.over, stalled.over, never.over]))
      await turns()
      assert.deepEqual([silent.seen, outline(stalled.seen), never.seen], [['error'], ['headers', 'data', 'error'], ['error']])
    },
  ],
  [
    'fails once with the reason when the call is aborted, however often',
    async (under, settle) => {
      const reason = new Error('hedged')
      const recorded = record(under, '/stalled')
      await settle(recorded.begun)
      recorded.call.abort(reason)
      recorded.call.abort(new Error('again'))
      await settle(recorded.over)
      await turns()
      assert.equal(recorded.error(), reason)
      assert.equal(recorded.seen.filter((what) => what === 'error').length, 1)
    },
  ],
  [
    'ends a paused call on abort',
    async (under, settle) => {
      const recorded = record(under, '/big', { onData: () => false })
      await settle(recorded.begun)
      recorded.call.abort(new Error('left'))
      await settle(recorded.over)
      recorded.call.resume()
      await turns()
      assert.deepEqual(outline(recorded.seen), ['headers', 'data', 'error'])
    },
  ],
  [
    'ignores abort and resume after the end',
    async (under, settle) => {
      const controller = new AbortController()
      const recorded = record(under, '/plain', { signal: controller.signal })
      await settle(recorded.over)
      recorded.call.abort(new Error('late'))
      controller.abort()
      recorded.call.resume()
      await turns()
      assert.equal(recorded.seen.at(-1), 'end')
    },
  ],
  [
    'fails once when the connection breaks, and never takes a cut answer for a whole one',
    async (under, settle) => {
      const [early, late] = [record(under, '/broken-early'), record(under, '/broken-late')]
      await settle(Promise.all([early.over, late.over]))
      await turns()
      assert.deepEqual([early.seen, late.seen.at(-1), late.seen.includes('end')], [['error'], 'error', false])
    },
  ],
  [
    'times out when no headers come, and when no further data comes',
    async (under, settle) => {
      const silent = record(under, '/silent', { timeouts: { headersMs: timeoutMs } })
      const stalled = record(under, '/stalled', { timeouts: { idleMs: timeoutMs } })
      await settle(Promise.all([silent.over, stalled.over]))
      await turns()
      assert.deepEqual([silent.seen, outline(stalled.seen)], [['error'], ['headers', 'data', 'error']])
    },
  ],
  [
    'fails what is open when it is closed, twice without harm, and every call after',
    async (under, settle) => {
      const open = record(under, '/stalled')
      await settle(open.begun)
      await settle(Promise.resolve(under.transport[Symbol.asyncDispose]()))
      await settle(open.over)
      await settle(Promise.resolve(under.transport[Symbol.asyncDispose]()))
      const late = record(under, '/plain')
      await settle(late.over)
      assert.deepEqual([outline(open.seen), late.seen], [['headers', 'data', 'error'], ['error']])
    },
  ],
]

/** Registers the suite: `transportConformance({ describe, test, name, create })`. */
export function transportConformance(options: TransportConformanceOptions): void {
  const cases = [...delivering, ...ending].map(([title, body]): ConformanceCase => [
    title,
    async () => {
      const under = await options.create((request) => answers[request.url.pathname]?.(request) ?? { status: 404 })
      const broken: string[] = []
      try {
        await body({ ...under, broken }, under.settle ?? ((promise) => promise))
        await turns()
        assert.deepEqual(broken, [])
      } finally {
        await under.close()
      }
    },
  ])
  registerCases(options, `${options.name} conforms to transport/1`, cases)
}
