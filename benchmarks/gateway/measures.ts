/** Interleaved rounds over contenders, so that whatever else the machine does hits all of them alike. */
import { cpuMicroseconds } from '../harness/process-usage.ts'
import { median } from '../harness/statistics.ts'
import type { Contender } from './contenders.ts'
import { runLoad } from './load.ts'
import { createStreamClient } from './stream-client.ts'

export const shortChat = (extra: object = {}) =>
  JSON.stringify({
    model: 'bench',
    messages: [{ role: 'user', content: 'Hello there, how are you today? Tell me about gateways.' }],
    ...extra,
  })

/** A 1 MiB prompt, as long documents make them. */
export const largeChat = () =>
  JSON.stringify({ model: 'bench', messages: [{ role: 'user', content: 'lorem ipsum dolor '.repeat(58_254) }] })

export interface Cost {
  readonly cpuMicroseconds: number
  readonly requestsPerSecond: number
  readonly errors: number
  readonly low: number
  readonly high: number
}

export interface RoundOptions {
  readonly body: string
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
}

/** What a measure found, and who could not be measured and why: one contender's failure says nothing about the others. */
export interface Measured<Value> {
  readonly values: ReadonlyMap<string, Value>
  readonly dropped: ReadonlyMap<string, string>
}

/** Before anything counts, each contender has worked for this long: compilers and pools need it. */
const warmUpSeconds = 2
const warmUpStreams = 10
/** Share of requests that may fail before a contender is dropped: failures cost less than answers and must not pass for speed. */
const failedShareMax = 0.01

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

interface Sample {
  readonly cpu: number
  readonly rate: number
  readonly errors: number
}

async function sampleCost(contender: Contender, options: Omit<RoundOptions, 'rounds'>): Promise<Sample> {
  const url = `http://127.0.0.1:${String(contender.server.port)}${contender.path}`
  const before = cpuMicroseconds(contender.server.pid)
  const { body, seconds, connections } = options
  const load = await runLoad({ url, headers: contender.headers, body, seconds, connections })
  if (load.requests === 0) throw new Error('it answered nothing')
  if (load.errors > load.requests * failedShareMax) {
    throw new Error(`${String(load.errors)} of ${String(load.requests)} requests failed`)
  }
  return {
    cpu: (cpuMicroseconds(contender.server.pid) - before) / load.requests,
    rate: load.requests / load.seconds,
    errors: load.errors,
  }
}

function costOf(taken: readonly Sample[]): Cost {
  const cpus = taken.map(({ cpu }) => cpu)
  return {
    cpuMicroseconds: median(cpus),
    requestsPerSecond: median(taken.map(({ rate }) => rate)),
    errors: taken.reduce((sum, { errors }) => sum + errors, 0),
    low: Math.min(...cpus),
    high: Math.max(...cpus),
  }
}

/** CPU-µs per request of each contender: the median of the rounds, after one that warms up and is thrown away. */
export async function measureCost(contenders: readonly Contender[], options: RoundOptions): Promise<Measured<Cost>> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]))
  const dropped = new Map<string, string>()
  for (let round = 0; round <= options.rounds; round += 1) {
    const seconds = round === 0 ? Math.max(warmUpSeconds, options.seconds) : options.seconds
    for (const contender of contenders) {
      const taken = samples.get(contender.name)
      if (taken === undefined) continue
      try {
        const sample = await sampleCost(contender, { ...options, seconds })
        if (round > 0) taken.push(sample)
      } catch (error) {
        samples.delete(contender.name)
        dropped.set(contender.name, wordsOf(error))
      }
    }
  }
  return { values: new Map([...samples].map(([name, taken]) => [name, costOf(taken)])), dropped }
}

/** Streams of one contender; those that failed are counted and leave no time. */
class StreamTimes {
  readonly name: string
  readonly times: number[] = []
  readonly #client: ReturnType<typeof createStreamClient>
  #failed = 0
  #lastFailure = ''

  constructor({ name, server, path, headers }: Contender, body: string) {
    this.name = name
    this.#client = createStreamClient({ port: server.port, path, headers, body })
  }

  async take(counts: boolean): Promise<void> {
    try {
      const timing = await this.#client.read()
      if (!timing.complete || Number.isNaN(timing.firstContentMs)) throw new Error('a stream was cut short')
      if (counts) this.times.push(timing.firstContentMs)
    } catch (error) {
      this.#failed += 1
      this.#lastFailure = wordsOf(error)
    }
  }

  /** Undefined when it may stay: one failure is forgiven, and a hundredth of many. */
  problem(streams: number): string | undefined {
    const tolerated = Math.max(1, streams * failedShareMax)
    return this.#failed > tolerated ? `${String(this.#failed)} streams failed, the last one: ${this.#lastFailure}` : undefined
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}

/** First-content times of single streams, one after the other, contenders taking turns; the upstream waits 5 ms between frames. */
export async function measureFirstContent(contenders: readonly Contender[], streams: number): Promise<Measured<readonly number[]>> {
  const body = shortChat({ stream: true, user: 'gap-5' })
  const dropped = new Map<string, string>()
  const all = contenders.map((contender) => new StreamTimes(contender, body))
  let left = all
  for (const contender of left) {
    const startMs = performance.now()
    // A stream takes a quarter of a second: as many as the warm-up has room for, and no fewer than these.
    for (let index = 0; index < warmUpStreams || performance.now() - startMs < warmUpSeconds * 1_000; index += 1) {
      await contender.take(false)
      if (contender.problem(streams) !== undefined) break
    }
  }
  for (let index = 0; index < streams; index += 1) {
    left = left.filter((contender) => {
      const problem = contender.problem(streams)
      if (problem !== undefined) dropped.set(contender.name, problem)
      return problem === undefined
    })
    for (const contender of left) await contender.take(true)
  }
  await Promise.all(all.map((contender) => contender.close()))
  return { values: new Map(left.map(({ name, times }) => [name, times])), dropped }
}

/** Latencies of JSON requests that start at a fixed rate, whatever became of those before (open loop), after as many seconds more of warm-up. */
export async function measureOpenLoop(contender: Contender, perSecond: number, seconds: number): Promise<readonly number[]> {
  const { Pool } = await import('undici')
  const pool = new Pool(`http://127.0.0.1:${String(contender.server.port)}`, { connections: 512, pipelining: 1 })
  const body = shortChat()
  const headers = { 'content-type': 'application/json', ...contender.headers }
  const latencies: Promise<number>[] = []
  const total = perSecond * (seconds + warmUpSeconds)
  const startMs = performance.now()
  while (latencies.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1000) * perSecond) + 1)
    while (latencies.length < due) {
      // Measured from when the request was due, so that a stall is not hidden by the requests it delayed.
      const dueMs = startMs + (latencies.length / perSecond) * 1000
      const done = pool.request({ path: contender.path, method: 'POST', headers, body }).then(async (response) => {
        await response.body.dump()
        if (response.statusCode !== 200) throw new Error(`status ${String(response.statusCode)} from ${contender.name}`)
        return performance.now() - dueMs
      })
      // Looked at when all have been sent; until then a failure must not end the process.
      done.catch(() => undefined)
      latencies.push(done)
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const settled = await Promise.all(latencies)
  await pool.close()
  return settled.slice(perSecond * warmUpSeconds)
}

/** Keeps many slow streams open at once and asks for the memory while they flow. */
export async function holdStreams(
  contender: Contender,
  count: number,
  whileOpen: () => number,
): Promise<{ readonly value: number; readonly incomplete: number }> {
  const client = createStreamClient({
    port: contender.server.port,
    path: contender.path,
    headers: contender.headers,
    body: shortChat({ stream: true, user: 'gap-200' }),
  })
  const streams = Promise.allSettled(Array.from({ length: count }, () => client.read()))
  await new Promise((resolve) => setTimeout(resolve, 6_000))
  const value = whileOpen()
  const ended = await streams
  await client.close()
  return { value, incomplete: ended.filter((stream) => stream.status === 'rejected' || !stream.value.complete).length }
}
