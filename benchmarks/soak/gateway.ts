/** The gateway under soak, in a process of its own: it counts its events and tells on request what it holds. */
import { createServer } from 'node:http'
import { createMemoryStore, createSecret, type Sink } from '@bud-foundry/core'
import { createGateway, createKeyRing } from '@bud-foundry/gateway'
import { benchmarkKey } from '../gateway/contenders.ts'

const [port = '0', ...upstreams] = process.argv.slice(2)

export interface SoakState {
  /** Requests whose headers arrived; a client may leave before that. */
  readonly arrived: number
  readonly events: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly inFlight: number
  readonly unhandled: number
  readonly heapBytes: number
}

let arrived = 0
let events = 0
let unhandled = 0
const outcomes: Record<string, number> = {}
process.on('unhandledRejection', () => (unhandled += 1))
process.on('uncaughtExceptionMonitor', () => (unhandled += 1))

const sink: Sink = {
  contract: 'sink/1',
  kinds: 'all',
  write: (batch) => {
    for (const event of batch) {
      events += 1
      // Safe: request events carry an outcome, and others count as `undefined`.
      const outcome = String((event as { outcome?: string }).outcome)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
    return Promise.resolve()
  },
  flush: () => Promise.resolve(),
  receipt: () => ({ produced: events, stored: events, pending: 0, dropped: 0 }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}

const keys = createKeyRing({ store: createMemoryStore({}) })
await keys.create({ name: 'soak', key: createSecret(benchmarkKey) })
const targets = upstreams.map((upstream, index) => ({
  id: `soak-${String(index)}`,
  provider: 'openai-compatible',
  baseUrl: `http://127.0.0.1:${upstream}/v1`,
  model: 'soak',
}))
const gateway = createGateway(
  { models: { soak: { policy: 'p2c-peak-ewma', targets, timeouts: { ttftMs: 2_000, idleMs: 2_000 } } } },
  { keys, sink },
)
await gateway.ready

createServer((request, response) => {
  if (request.url !== '/soak-state') {
    arrived += 1
    gateway.handle(request, response)
    return
  }
  globalThis.gc?.()
  const state: SoakState = { arrived, events, outcomes, inFlight: gateway.inFlight, unhandled, heapBytes: process.memoryUsage().heapUsed }
  response.end(JSON.stringify(state))
}).listen(Number(port), '127.0.0.1')
