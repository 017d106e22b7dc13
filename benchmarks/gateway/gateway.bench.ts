/** `npm run bench:gateway [-- --quick]`: what a request costs here, against bare Node, nginx and Portkey in the same run. */
import { cpuMicroseconds, residentBytes } from '../harness/process-usage.ts'
import { currentLoadAverage, report } from '../harness/report.ts'
import { median, percentile } from '../harness/statistics.ts'
import { startBare, startNginx, startOurs, startPortkey, startUpstream, type Contender } from './contenders.ts'
import { runLoad } from './load.ts'
import { holdStreams, largeChat, measureCost, measureFirstContent, measureOpenLoop, shortChat, type Cost } from './measures.ts'

const quick = process.argv.includes('--quick')
const plan = quick
  ? { rounds: 1, seconds: 1, streams: 60, openSeconds: 3, slowStreams: 200 }
  : { rounds: 5, seconds: 4, streams: 400, openSeconds: 12, slowStreams: 1_000 }
const connections = 32

const loadAverage = currentLoadAverage()
const reasons: Record<string, string> = {}
const measures: Record<string, number | null> = {}
const details: Record<string, unknown> = { plan, connections }

/** A contender that cannot run here is left out, with the reason in the result. */
async function optional(name: string, start: () => Promise<Contender>): Promise<Contender | undefined> {
  try {
    return await start()
  } catch (error) {
    reasons[name] = error instanceof Error ? error.message : String(error)
    return undefined
  }
}

const upstream = await startUpstream()
const bare = await startBare(upstream)
const ours = await startOurs(upstream, 'handle')
const oursFetch = await startOurs(upstream, 'fetch')
const nginx = await optional('nginx', () => startNginx(upstream))
const portkey = await optional('portkey', () => startPortkey(upstream))
const all = [upstream, bare, ours, oursFetch, nginx, portkey].filter((contender) => contender !== undefined)

function show(title: string, costs: ReadonlyMap<string, Cost>): void {
  console.log(`\n${title}`)
  console.table(
    Object.fromEntries(
      [...costs].map(([name, cost]) => [
        name,
        {
          'CPU µs/request': Math.round(cost.cpuMicroseconds * 10) / 10,
          low: Math.round(cost.low),
          high: Math.round(cost.high),
          'requests/s': Math.round(cost.requestsPerSecond),
          errors: cost.errors,
        },
      ]),
    ),
  )
}

const costOf = (costs: ReadonlyMap<string, Cost>, name: string) => costs.get(name)?.cpuMicroseconds ?? Number.NaN
const ratio = (above: number, below: number) => (Number.isFinite(above / below) ? above / below : null)

try {
  const scenarios = [
    ['json', shortChat(), all],
    ['sse', shortChat({ stream: true }), all],
    ['json_1mib', largeChat(), [bare, ours, nginx, portkey].filter((contender) => contender !== undefined)],
    ['sse_gaps', shortChat({ stream: true, user: 'gap-5' }), [bare, ours, nginx, portkey].filter((contender) => contender !== undefined)],
  ] as const
  for (const [name, body, contenders] of scenarios) {
    const costs = await measureCost(contenders, { ...plan, body, connections })
    show(name, costs)
    details[name] = Object.fromEntries(costs)
    measures[`${name}_cpu_us`] = costOf(costs, 'ours')
    measures[`${name}_vs_bare`] = ratio(costOf(costs, 'ours'), costOf(costs, 'bare'))
    measures[`${name}_vs_portkey`] = ratio(costOf(costs, 'portkey'), costOf(costs, 'ours'))
    if (name === 'json') measures['fetch_json_cpu_us'] = costOf(costs, 'ours-fetch')
  }

  const megabytes = (bytes: number) => bytes / 1024 ** 2
  const loaded = Object.fromEntries(all.map(({ name, server }) => [name, megabytes(residentBytes(server.pid))]))
  details['rss_after_load_mb'] = loaded
  measures['rss_vs_bare'] = ratio(loaded['ours'] ?? Number.NaN, loaded['bare'] ?? Number.NaN)

  const first = await measureFirstContent(
    [upstream, bare, ours, portkey].filter((contender) => contender !== undefined),
    plan.streams,
  )
  const added = (name: string, share: number) => percentile(first.get(name) ?? [], share) - percentile(first.get('direct') ?? [], share)
  details['first_content_ms'] = Object.fromEntries(
    [...first].map(([name, times]) => [name, { p50: median(times), p99: percentile(times, 0.99) }]),
  )
  console.log('\nfirst content, ms')
  console.table(details['first_content_ms'])
  measures['ttft_added_ms_p50'] = added('ours', 0.5)
  measures['ttft_added_ms_p99'] = added('ours', 0.99)

  const open: Record<string, { p50: number; p99: number }> = {}
  for (const contender of [upstream, bare, ours]) {
    const latencies = await measureOpenLoop(contender, 1_000, plan.openSeconds)
    open[contender.name] = { p50: median(latencies), p99: percentile(latencies, 0.99) }
  }
  console.log('\nJSON at 1,000 requests/s, ms')
  console.table(open)
  details['open_loop_ms'] = open
  const addedOpen = (name: string, share: 'p50' | 'p99') => (open[name]?.[share] ?? Number.NaN) - (open['direct']?.[share] ?? Number.NaN)
  measures['json_added_p50_vs_bare'] = ratio(addedOpen('ours', 'p50'), addedOpen('bare', 'p50'))
  measures['json_added_p99_vs_bare'] = ratio(addedOpen('ours', 'p99'), addedOpen('bare', 'p99'))

  const held: Record<string, unknown> = {}
  const residents: number[] = []
  for (const contender of [bare, ours]) {
    const { value, incomplete } = await holdStreams(contender, plan.slowStreams, () => megabytes(residentBytes(contender.server.pid)))
    held[contender.name] = { megabytes: value, incomplete }
    residents.push(value)
  }
  console.log(`\n${String(plan.slowStreams)} slow streams`)
  console.table(held)
  details['slow_streams'] = held
  measures['rss_1000_streams_vs_bare'] = ratio(residents[1] ?? Number.NaN, residents[0] ?? Number.NaN)

  const two = await startOurs(upstream, 'handle', 2)
  try {
    // On two cores, load generator and upstream included, throughput cannot show it: what the second worker costs each request can.
    const url = `http://127.0.0.1:${String(two.server.port)}${two.path}`
    const once = async () => {
      const before = cpuMicroseconds(two.server.pid)
      const load = await runLoad({ url, headers: two.headers, body: shortChat(), seconds: plan.seconds, connections })
      return (cpuMicroseconds(two.server.pid) - before) / Math.max(1, load.requests)
    }
    await once()
    measures['workers2_scaling'] = ratio(2 * (measures['json_cpu_us'] ?? Number.NaN), median([await once(), await once(), await once()]))
    reasons['workers2_scaling'] =
      'capacity by CPU: twice the CPU per request of one worker, divided by that of two sharing one port and one limiter state'
  } finally {
    await two.server[Symbol.asyncDispose]()
  }
} finally {
  for (const { server } of all.toReversed()) await server[Symbol.asyncDispose]()
}

report({ bench: 'gateway', quick, measures, reasons, details }, loadAverage)
