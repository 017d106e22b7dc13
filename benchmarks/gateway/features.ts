/** What each feature of governance costs: processor time of a request with it, above that of one with none, without sockets. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createMemoryStore, createSecret, type Sink, type Store, type Transport } from '@bud-foundry/core'
import {
  createBudgets,
  createGateway,
  createKeyRing,
  createSpendLedger,
  defineHooks,
  type Gateway,
  type GatewayConfigInput,
  type GatewayParts,
} from '@bud-foundry/gateway'
import { benchmarkKey } from './contenders.ts'

type Shape = 'json' | 'sse'

interface Feature {
  readonly config?: Partial<GatewayConfigInput>
  readonly parts?: Partial<GatewayParts>
  readonly headers?: (index: number) => Readonly<Record<string, string>>
  /** Parts that listen to a gateway, as budgets do. */
  readonly attach?: (gateway: Gateway, store: Store) => Promise<AsyncDisposable>
}

/** Processor time in microseconds per request. */
export interface FeatureCosts {
  /** Each feature above the plain gateway; `all` is all of them together. */
  readonly added: Readonly<Record<string, number>>
  readonly plain: number
}

const words = 'The quick brown fox jumps over the lazy dog while gateways count what every token of an answer costs their owners today'
const utf8 = new TextEncoder()
const usage = { prompt_tokens: 20, completion_tokens: 22, total_tokens: 42 }
const base = { id: 'chatcmpl-1', created: 1, model: 'bench' }
const chunk = (fields: object) => `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', ...fields })}\n\n`
const choice = (delta: object, finish: string | null = null) => ({ choices: [{ index: 0, delta, finish_reason: finish }] })

const jsonAnswer = utf8.encode(
  JSON.stringify({
    ...base,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: words }, finish_reason: 'stop' }],
    usage,
  }),
)
const streamAnswer = [
  chunk(choice({ role: 'assistant', content: '' })),
  ...words.split(' ').map((word) => chunk(choice({ content: `${word} ` }))),
  chunk(choice({}, 'stop')),
  chunk({ choices: [], usage }),
  'data: [DONE]\n\n',
].map((text) => utf8.encode(text))

/** Answers at once: what is measured is the gateway. */
const upstream = (shape: Shape): Transport => ({
  contract: 'transport/1',
  dispatch: (_request, handlers) => {
    queueMicrotask(() => {
      handlers.onHeaders(200, { 'content-type': shape === 'json' ? 'application/json' : 'text/event-stream' })
      for (const piece of shape === 'json' ? [jsonAnswer] : streamAnswer) handlers.onData(piece)
      handlers.onEnd()
    })
    return { resume: () => undefined, abort: () => undefined }
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
})

const done = () => Promise.resolve()
const sink: Sink = {
  contract: 'sink/1',
  kinds: 'all',
  write: done,
  flush: done,
  receipt: () => ({ produced: 0, stored: 0, pending: 0, dropped: 0 }),
  [Symbol.asyncDispose]: done,
}
const generous = 1_000_000_000
const hour = 'hour' as const
/** Rounds until the compiler has seen enough. */
const warmingRounds = 3

const features: Readonly<Record<string, Feature>> = {
  keys: { config: { auth: { kind: 'keys' } } },
  events: { parts: { sink } },
  limits: {
    config: {
      rateLimits: {
        rules: [
          { kind: 'requests', limit: generous, window: hour },
          { kind: 'tokens', limit: 1e15, window: hour },
          { kind: 'concurrency', limit: generous },
          { kind: 'spend', limitUsd: 1_000_000, window: hour },
        ],
      },
    },
  },
  budgets: {
    attach: async (gateway, store) => {
      const stack = new AsyncDisposableStack()
      const budgets = stack.use(createBudgets({ store }))
      const spend = stack.use(createSpendLedger({ store }))
      await budgets.put({ id: 'bench', subject: { kind: 'all' }, limitUsd: 1_000_000 })
      stack.use(gateway.onEvent(budgets.onEvent))
      stack.use(gateway.onEvent(spend.onEvent))
      return stack
    },
  },
  blocking: {
    config: {
      blocking: {
        rules: [
          { kind: 'address', addresses: ['198.51.100.0/24', '2001:db8::/32', '203.0.113.9'] },
          { kind: 'user-agent', contains: ['badbot'], patterns: ['^scan(ner)?/[0-9]'] },
        ],
      },
    },
  },
  client_info: { config: { clientInfo: true } },
  guardrail_keywords: {
    config: {
      guardrails: { rails: { words: { kind: 'keywords', words: ['forbidden phrase', 'secret project'] } }, attach: [{ rails: ['words'] }] },
    },
  },
  guardrail_pii: { config: { guardrails: { rails: { pii: { kind: 'pii', action: 'mask' } }, attach: [{ rails: ['pii'] }] } } },
  cache_miss: { config: { cache: { memoryBytes: 16 * 1024 * 1024 } } },
  idempotency: { config: { idempotency: {} }, headers: (index) => ({ 'idempotency-key': `bench-${String(index)}` }) },
  hooks: {
    parts: {
      hooks: defineHooks({
        request: () => undefined,
        route: () => undefined,
        attempt: () => undefined,
        usage: () => undefined,
        finish: () => undefined,
      }),
    },
  },
}

const both = { rails: { ...rails('guardrail_keywords'), ...rails('guardrail_pii') }, attach: [{ rails: ['words', 'pii'] }] }

function rails(name: string) {
  return features[name]?.config?.guardrails?.rails ?? {}
}

function together(): Feature {
  const all = Object.values(features)
  const merged = (parts: readonly (object | undefined)[]): object => Object.fromEntries(parts.flatMap((part) => Object.entries(part ?? {})))
  return {
    // The parts of every feature, under the names that each has there.
    config: { ...(merged(all.map(({ config }) => config)) as Partial<GatewayConfigInput>), guardrails: both },
    parts: merged(all.map(({ parts }) => parts)),
    headers: (index) => merged(all.map(({ headers }) => headers?.(index))) as Readonly<Record<string, string>>,
    attach: features['budgets']?.attach ?? (() => Promise.reject(new Error('there are budgets'))),
  }
}

class Subject implements AsyncDisposable {
  readonly #gateway: Gateway
  readonly #feature: Feature
  readonly #shape: Shape
  readonly #stack: AsyncDisposableStack
  #index = 0

  constructor(gateway: Gateway, feature: Feature, shape: Shape, stack: AsyncDisposableStack) {
    this.#gateway = gateway
    this.#feature = feature
    this.#shape = shape
    this.#stack = stack
  }

  static async start(feature: Feature, shape: Shape): Promise<Subject> {
    await using building = new AsyncDisposableStack()
    const store = building.use(createMemoryStore({}))
    const keys = building.use(createKeyRing({ store }))
    await keys.create({ name: 'benchmark', key: createSecret(benchmarkKey) })
    const target = { provider: 'openai-compatible', baseUrl: 'http://upstream.example/v1', model: 'bench' }
    const price = { inputUsdPerMillionTokens: 0.25, outputUsdPerMillionTokens: 2 }
    const gateway = createGateway(
      { auth: { kind: 'none' }, models: { bench: { targets: [{ ...target, price }] } }, ...feature.config },
      { transport: upstream(shape), store, keys, ...feature.parts },
    )
    building.use(gateway)
    await gateway.ready
    if (feature.attach !== undefined) building.use(await feature.attach(gateway, store))
    return new Subject(gateway, feature, shape, building.move())
  }

  async ask(): Promise<void> {
    this.#index += 1
    const question = `Hello there, how are you today? This is question ${String(this.#index)}.`
    const answer = await this.#gateway.fetch('http://gateway/v1/chat/completions', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${benchmarkKey}`,
        'user-agent': 'OpenAI/JS 6.1.0',
        ...this.#feature.headers?.(this.#index),
      },
      body: JSON.stringify({ model: 'bench', stream: this.#shape === 'sse', messages: [{ role: 'user', content: question }] }),
    })
    const text = await answer.text()
    if (answer.status !== 200 || !text.includes('today')) throw new Error(`status ${String(answer.status)}: ${text.slice(0, 300)}`)
  }

  async cpuMicroseconds(requests: number): Promise<number> {
    const before = process.cpuUsage()
    for (let count = 0; count < requests; count += 1) await this.ask()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / requests
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

/** A gateway in a process of its own: code that serves several configurations at once is compiled for all of them, and measures dearer. */
class SubjectProcess implements AsyncDisposable {
  readonly #child: ChildProcess

  constructor(name: string, shape: Shape) {
    this.#child = fork(fileURLToPath(import.meta.url), ['subject', name, shape], { execArgv: ['--conditions=bud-source', '--no-warnings'] })
  }

  async cpuMicroseconds(requests: number): Promise<number> {
    this.#child.send({ requests })
    const left = new AbortController()
    const gone = once(this.#child, 'exit', { signal: left.signal }).then(([code]) =>
      Promise.reject(new Error(`ended with ${String(code)}`)),
    )
    gone.catch(() => undefined)
    try {
      // Safe: only `subject` below writes to this channel.
      const [message] = (await Promise.race([once(this.#child, 'message', { signal: left.signal }), gone])) as [{ readonly cost: number }]
      return message.cost
    } finally {
      left.abort()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }
}

/** The other end: makes as many requests as it is told, until its parent leaves. */
async function subject(name: string, shape: Shape): Promise<void> {
  const feature = name === 'plain' ? {} : name === 'all' ? together() : features[name]
  if (feature === undefined) throw new Error(`there is no feature '${name}'`)
  await using running = await Subject.start(feature, shape)
  const left = once(process, 'disconnect')
  process.on('message', ({ requests }: { readonly requests: number }) => {
    void running.cpuMicroseconds(requests).then((cost) => process.send?.({ cost }))
  })
  await left
}

/** Rounds are interleaved, so that whatever else the machine does hits every feature alike; the first ones, in which code is compiled, are thrown away. */
export async function measureFeatures(shape: Shape, { rounds, requests }: { rounds: number; requests: number }): Promise<FeatureCosts> {
  await using stack = new AsyncDisposableStack()
  const subjects = new Map(['plain', ...Object.keys(features), 'all'].map((name) => [name, stack.use(new SubjectProcess(name, shape))]))
  const samples = new Map<string, number[]>([...subjects.keys()].map((name) => [name, []]))
  for (let round = -warmingRounds; round < rounds; round += 1) {
    for (const [name, process] of subjects) {
      const cost = await process.cpuMicroseconds(requests)
      if (round >= 0) samples.get(name)?.push(cost)
    }
  }
  /** The least of the rounds: what disturbs a round only ever adds. */
  const leastOf = (name: string) => Math.min(...(samples.get(name) ?? []))
  const plain = leastOf('plain')
  const added = Object.fromEntries([...subjects.keys()].filter((name) => name !== 'plain').map((name) => [name, leastOf(name) - plain]))
  return { added, plain }
}

/** All measures of it, and what was measured for people: a table. */
export async function benchFeatures(quick: boolean): Promise<{ readonly measures: Record<string, number>; readonly details: object }> {
  const plan = quick ? { rounds: 2, requests: 300 } : { rounds: 8, requests: 2_000 }
  const json = await measureFeatures('json', plan)
  const sse = await measureFeatures('sse', plan)
  const round = (value: number | undefined) => Math.round((value ?? Number.NaN) * 10) / 10
  const row = (name: string) => ({ 'JSON, µs': round(json.added[name]), 'stream, µs': round(sse.added[name]) })
  console.log('\nCPU µs per request that each feature adds, in process')
  console.table({
    'a plain request': { 'JSON, µs': round(json.plain), 'stream, µs': round(sse.plain) },
    ...Object.fromEntries(Object.keys(json.added).map((name) => [name, row(name)])),
  })
  const measures: Record<string, number> = {}
  for (const [shape, costs] of Object.entries({ us: json, stream_us: sse }))
    for (const [name, cost] of Object.entries(costs.added))
      measures[`${name === 'all' ? 'all_features' : `feature_${name}`}_${shape}`] = cost
  return { measures, details: { plan, json, sse } }
}

if (process.argv[2] === 'subject') await subject(process.argv[3] ?? '', process.argv[4] === 'sse' ? 'sse' : 'json')
