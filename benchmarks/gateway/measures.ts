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

/** CPU-µs per request of each contender: the median of the rounds, after one that is thrown away. */
export async function measureCost(contenders: readonly Contender[], options: RoundOptions): Promise<ReadonlyMap<string, Cost>> {
  const samples = new Map<string, { cpu: number; rate: number; errors: number }[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const contender of contenders) {
      const url = `http://127.0.0.1:${String(contender.server.port)}${contender.path}`
      const before = cpuMicroseconds(contender.server.pid)
      const load = await runLoad({
        url,
        headers: contender.headers,
        body: options.body,
        seconds: options.seconds,
        connections: options.connections,
      })
      if (load.requests === 0) throw new Error(`${contender.name} answered nothing`)
      const cpu = (cpuMicroseconds(contender.server.pid) - before) / load.requests
      if (round > 0) samples.get(contender.name)?.push({ cpu, rate: load.requests / load.seconds, errors: load.errors })
    }
  }
  return new Map(
    [...samples].map(([name, taken]) => {
      const cpus = taken.map(({ cpu }) => cpu)
      return [
        name,
        {
          cpuMicroseconds: median(cpus),
          requestsPerSecond: median(taken.map(({ rate }) => rate)),
          errors: taken.reduce((sum, { errors }) => sum + errors, 0),
          low: Math.min(...cpus),
          high: Math.max(...cpus),
        },
      ]
    }),
  )
}

/** First-content times of single streams, one after the other, contenders taking turns; the upstream waits 5 ms between frames. */
export async function measureFirstContent(
  contenders: readonly Contender[],
  streams: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const body = shortChat({ stream: true, user: 'gap-5' })
  const clients = contenders.map((contender) => ({
    name: contender.name,
    client: createStreamClient({ port: contender.server.port, path: contender.path, headers: contender.headers, body }),
  }))
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let index = -20; index < streams; index += 1) {
    for (const { name, client } of clients) {
      const timing = await client.read()
      if (!timing.complete) throw new Error(`${name} cut a stream short`)
      if (index >= 0) times.get(name)?.push(timing.firstContentMs)
    }
  }
  await Promise.all(clients.map(({ client }) => client.close()))
  return times
}

/** Latencies of JSON requests that start at a fixed rate, whatever became of those before (open loop). */
export async function measureOpenLoop(contender: Contender, perSecond: number, seconds: number): Promise<readonly number[]> {
  const { Pool } = await import('undici')
  const pool = new Pool(`http://127.0.0.1:${String(contender.server.port)}`, { connections: 512, pipelining: 1 })
  const body = shortChat()
  const headers = { 'content-type': 'application/json', ...contender.headers }
  const latencies: Promise<number>[] = []
  const startMs = performance.now()
  while (latencies.length < perSecond * seconds) {
    const due = Math.min(perSecond * seconds, Math.floor(((performance.now() - startMs) / 1000) * perSecond) + 1)
    while (latencies.length < due) {
      // Measured from when the request was due, so that a stall is not hidden by the requests it delayed.
      const dueMs = startMs + (latencies.length / perSecond) * 1000
      const done = pool.request({ path: contender.path, method: 'POST', headers, body }).then(async (response) => {
        await response.body.dump()
        if (response.statusCode !== 200) throw new Error(`status ${String(response.statusCode)} from ${contender.name}`)
        return performance.now() - dueMs
      })
      latencies.push(done)
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const settled = await Promise.all(latencies)
  await pool.close()
  // The first second warms connections and code up.
  return settled.slice(perSecond)
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
  const streams = Array.from({ length: count }, () => client.read())
  await new Promise((resolve) => setTimeout(resolve, 6_000))
  const value = whileOpen()
  const timings = await Promise.all(streams)
  await client.close()
  return { value, incomplete: timings.filter(({ complete }) => !complete).length }
}
