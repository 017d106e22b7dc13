/** `npm run soak [-- --minutes 5]`: mixed traffic with random faults; nothing unaccounted for, nothing unhandled, memory flat. */
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import { createSeededRandom } from '@bud-foundry/core'
import { benchmarkKey } from '../gateway/contenders.ts'
import { residentBytes } from '../harness/process-usage.ts'
import { currentLoadAverage, report } from '../harness/report.ts'
import { freePort, startServer } from '../harness/server-process.ts'
import { median } from '../harness/statistics.ts'
import type { SoakState } from './gateway.ts'

const minutesFlag = process.argv.indexOf('--minutes')
const minutes = minutesFlag < 0 ? 5 : Number(process.argv[minutesFlag + 1])
if (!(minutes > 0 && minutes <= 60)) throw new Error('--minutes takes a number from 0 to 60')
const inFlight = 24
/** Growth between the second and the last quarter that still counts as flat: allocators and code caches settle late. */
const growthShareMax = 0.15

const start = async (file: string, args: readonly string[]) => {
  const port = await freePort()
  return startServer({
    command: process.execPath,
    args: ['--expose-gc', fileURLToPath(new URL(file, import.meta.url)), String(port), ...args],
    port,
  })
}

await using first = await start('./faulty-upstream.ts', ['1'])
await using second = await start('./faulty-upstream.ts', ['2'])
await using gateway = await start('./gateway.ts', [String(first.port), String(second.port)])
await using pool = Object.assign(new Pool(`http://127.0.0.1:${String(gateway.port)}`, { connections: 64 }), {
  [Symbol.asyncDispose]: () => pool.close(),
})

const random = createSeededRandom(7)
const headers = { 'content-type': 'application/json', authorization: `Bearer ${benchmarkKey}` }
const body = () => {
  const draw = random.next()
  const messages = [{ role: 'user', content: draw < 0.05 ? 'long '.repeat(40_000) : 'hello' }]
  if (draw < 0.02) return '{"model":'
  return JSON.stringify({ model: draw > 0.98 ? 'unknown' : 'soak', messages, stream: random.next() < 0.6 })
}

let sent = 0
let answered = 0
let aborted = 0
const statuses: Record<string, number> = {}

async function once(): Promise<void> {
  const abort = new AbortController()
  const leaves = random.next() < 0.1
  const timer = leaves
    ? setTimeout(() => {
        abort.abort()
      }, random.next() * 80)
    : undefined
  sent += 1
  try {
    const response = await pool.request({ path: '/v1/chat/completions', method: 'POST', headers, body: body(), signal: abort.signal })
    statuses[response.statusCode] = (statuses[response.statusCode] ?? 0) + 1
    for await (const _ of response.body);
    answered += 1
  } catch (error) {
    if (!leaves) throw error
    aborted += 1
  } finally {
    clearTimeout(timer)
  }
}

const state = async (): Promise<SoakState> => {
  const response = await pool.request({ path: '/soak-state', method: 'GET' })
  // Safe: the other side is soak/gateway.ts.
  return (await response.body.json()) as SoakState
}

const loadAverage = currentLoadAverage()
const startMs = performance.now()
const endMs = startMs + minutes * 60_000
const memory: { atShare: number; residentBytes: number; heapBytes: number }[] = []
const traffic = Array.from({ length: inFlight }, async () => {
  while (performance.now() < endMs) await once()
})
const watch = (async () => {
  while (performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(500, minutes * 600)))
    memory.push({
      atShare: (performance.now() - startMs) / (endMs - startMs),
      residentBytes: residentBytes(gateway.pid),
      heapBytes: (await state()).heapBytes,
    })
  }
})()
await Promise.all([...traffic, watch])
await new Promise((resolve) => setTimeout(resolve, 3_000))
const end = await state()

const during = (from: number, to: number, of: 'residentBytes' | 'heapBytes') =>
  median(memory.filter(({ atShare }) => atShare > from && atShare <= to).map((sample) => sample[of]))
const growth = (of: 'residentBytes' | 'heapBytes') => during(0.75, 1.1, of) / during(0.25, 0.5, of) - 1
const measures = {
  minutes,
  requests: sent,
  answered,
  left_by_client: aborted,
  unaccounted: end.arrived - end.events,
  unhandled: end.unhandled,
  in_flight_at_end: end.inFlight,
  rss_growth: growth('residentBytes'),
  heap_growth: growth('heapBytes'),
  rss_mb: during(0.75, 1.1, 'residentBytes') / 1024 ** 2,
}
console.table({ ...measures })
console.log('statuses', statuses, 'outcomes', end.outcomes)
report({ bench: 'soak', quick: minutes < 5, measures, reasons: {}, details: { statuses, outcomes: end.outcomes, memory } }, loadAverage)

const failures = [
  measures.unaccounted !== 0 && `${String(measures.unaccounted)} requests have no event`,
  measures.unhandled !== 0 && `${String(measures.unhandled)} rejections were unhandled`,
  measures.in_flight_at_end !== 0 && `${String(measures.in_flight_at_end)} requests never ended`,
  measures.heap_growth > growthShareMax && `the heap grew by ${(measures.heap_growth * 100).toFixed(0)} %`,
].filter((failure) => failure !== false)
for (const failure of failures) console.error(`soak: ${failure}`)
if (failures.length > 0) process.exitCode = 1
