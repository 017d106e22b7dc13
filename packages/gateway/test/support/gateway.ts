/** A gateway under test with everything around it, closed together. */
import { createMemoryStore, requestEventSchema, type BudEvent, type RequestEvent, type Sink } from '@bud-foundry/core'
import { createGateway, type Gateway, type GatewayConfigInput, type GatewayParts } from '../../src/index.ts'
import { listen, type NodeListener } from '../../src/node/node-listener.ts'

/** Keeps events, checks each against its schema, and lets a test wait for them. */
export class CollectingSink implements Sink {
  readonly contract = 'sink/1'
  readonly kinds = 'all'
  readonly events: RequestEvent[] = []
  #waiting: (() => void)[] = []

  write(batch: readonly BudEvent[]): Promise<void> {
    for (const event of batch) this.events.push(requestEventSchema.parse(event))
    for (const wake of this.#waiting.splice(0)) wake()
    return Promise.resolve()
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  receipt() {
    const produced = this.events.length
    return { produced, stored: produced, pending: 0, dropped: 0 }
  }

  async waitFor(count: number): Promise<readonly RequestEvent[]> {
    while (this.events.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this.events
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }
}

export interface TestGateway extends AsyncDisposable {
  readonly gateway: Gateway
  readonly sink: CollectingSink
  readonly key: string
  readonly listener: NodeListener
  /** Base URL of its HTTP door, with /v1. */
  readonly baseUrl: string
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>
}

export async function startGateway(config: GatewayConfigInput, parts: GatewayParts = {}): Promise<TestGateway> {
  const sink = new CollectingSink()
  const store = createMemoryStore({})
  const gateway = createGateway({ telemetry: { flushMs: 5 }, ...config }, { store, sink, ...parts })
  await gateway.ready
  const created = await gateway.keys?.create({ name: 'test', projectId: 'project-1' })
  const key = created?.key.reveal() ?? ''
  const listener = await listen(gateway.handle, { port: 0 })
  return {
    gateway,
    sink,
    key,
    listener,
    baseUrl: `${listener.url}/v1`,
    post: (path, body, headers = {}) =>
      fetch(`${listener.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: async () => {
      await gateway.close({ graceMs: 0 })
      listener.server.closeAllConnections()
      await listener.close()
      await store[Symbol.asyncDispose]()
    },
  }
}

/** The configuration of one model `m` with the given base URLs as targets a, b, c … */
export const oneModel = (...baseUrls: readonly string[]): GatewayConfigInput => ({
  models: {
    m: {
      policy: 'priority',
      targets: baseUrls.map((baseUrl, index) => ({
        id: String.fromCharCode(97 + index),
        provider: 'openai-compatible',
        baseUrl,
        model: 'upstream-m',
        weight: 100 - index,
      })),
    },
  },
})

export const chat = (fields: Record<string, unknown> = {}) => ({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...fields })
