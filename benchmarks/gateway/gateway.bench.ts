/** `npm run bench:gateway [-- --quick | --prove | --features]`: what a request costs here, against bare Node, nginx and other gateways in the same run. */
import { cpuMicroseconds, residentBytes } from '../harness/process-usage.ts'
import { currentLoadAverage, report } from '../harness/report.ts'
import { median, percentile } from '../harness/statistics.ts'
import {
  proveAnswer,
  startBare,
  startBifrost,
  startLitellm,
  startNginx,
  startOurs,
  startPortkey,
  startUpstream,
  type Contender,
} from './contenders.ts'
import { benchFeatures } from './features.ts'
import { measureLimiter } from './limiter.ts'
import { runLoad } from './load.ts'
import { measurePrefixHits } from './prefix-hits.ts'
import { holdStreams, largeChat, measureCost, measureFirstContent, measureOpenLoop, shortChat, type Cost } from './measures.ts'

const quick = process.argv.includes('--quick')
const plan = quick
  ? { rounds: 1, seconds: 1, streams: 60, openSeconds: 3, slowStreams: 200 }
  : { rounds: 3, seconds: 3, streams: 120, openSeconds: 8, slowStreams: 1_000 }
const connections = 32

const loadAverage = currentLoadAverage()
const reasons: Record<string, string> = {}
/** By measure: contenders that failed in it, with the reason. */
const droppedFrom: Record<string, Readonly<Record<string, string>>> = {}
const measures: Record<string, number | null> = {}
const details: Record<string, unknown> = { plan, connections }

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** A contender that cannot run here is left out, with the reason in the result; one that cannot stream is measured in the rest. */
async function optional(name: string, start: () => Promise<Contender>): Promise<Contender | undefined> {
  let contender: Contender | undefined
  try {
    contender = await start()
    await proveAnswer(contender, false)
  } catch (error) {
    reasons[name] = wordsOf(error)
    console.log(`${name} is left out: ${reasons[name]}`)
    await contender?.server[Symbol.asyncDispose]()
    return undefined
  }
  try {
    await proveAnswer(contender, true)
    console.log(`${name} answers`)
  } catch (error) {
    reasons[`${name}_streams`] = wordsOf(error)
    console.log(`${name} answers, but not in streams: ${wordsOf(error)}`)
  }
  return contender
}

function noteDropped(measure: string, dropped: ReadonlyMap<string, string>): void {
  if (dropped.size === 0) return
  droppedFrom[measure] = Object.fromEntries(dropped)
  for (const [name, reason] of dropped) console.log(`${name} is dropped from ${measure}: ${reason}`)
}

/** Whether four processes admit what a limit says. */
async function measureLimits(): Promise<void> {
  const limiter = await measureLimiter(process.env['BUD_TEST_VALKEY_URL'])
  measures['limiter_overshoot'] = limiter.limiter_overshoot
  measures['limiter_memory_us'] = limiter.limiter_memory_us
  details['limiter'] = limiter
}

if (process.argv.includes('--features')) {
  // A result of its own: in this process alone, without sockets.
  const costs = await benchFeatures(quick)
  Object.assign(measures, costs.measures)
  details['features'] = costs.details
  report({ bench: 'gateway-features', quick, measures, reasons, details }, loadAverage)
  process.exit(0)
}

const upstream = await startUpstream()
const bare = await startBare(upstream)
const ours = await startOurs(upstream, 'handle')
const oursFetch = await startOurs(upstream, 'fetch')
const nginx = await optional('nginx', () => startNginx(upstream))
const portkey = await optional('portkey', () => startPortkey(upstream))
const litellm = await optional('litellm', () => startLitellm(upstream))
const bifrost = await optional('bifrost', () => startBifrost(upstream))
const present = (contenders: readonly (Contender | undefined)[]) => contenders.filter((contender) => contender !== undefined)
for (const contender of [upstream, bare, ours, oursFetch]) for (const stream of [false, true]) await proveAnswer(contender, stream)
const all = present([upstream, bare, ours, oursFetch, nginx, portkey, litellm, bifrost])
const proxies = present([bare, ours, nginx, portkey, litellm, bifrost])
/** Others than ours, and what they are a yardstick of. */
const rivalNames = ['portkey', 'litellm', 'bifrost'] as const

/** Ours divided by bare (less is better), and each rival divided by ours (more is better). */
function recordRatios(scenario: string, costs: ReadonlyMap<string, Cost>): void {
  measures[`${scenario}_cpu_us`] = costOf(costs, 'ours')
  measures[`${scenario}_vs_bare`] = ratio(costOf(costs, 'ours'), costOf(costs, 'bare'))
  for (const name of rivalNames) {
    const measure = `${scenario}_vs_${name}`
    measures[measure] = ratio(costOf(costs, name), costOf(costs, 'ours'))
    if (measures[measure] === null) reasons[measure] = reasons[name] ?? droppedFrom[scenario]?.[name] ?? 'it was not measured'
  }
}

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

async function measureAll(): Promise<void> {
  const scenarios = [
    ['json', shortChat(), all],
    ['sse', shortChat({ stream: true }), all],
    ['json_1mib', largeChat(), proxies],
    ['sse_gaps', shortChat({ stream: true, user: 'gap-5' }), proxies],
  ] as const
  for (const [name, body, contenders] of scenarios) {
    const { values: costs, dropped } = await measureCost(contenders, { ...plan, body, connections })
    noteDropped(name, dropped)
    show(name, costs)
    details[name] = Object.fromEntries(costs)
    recordRatios(name, costs)
    if (name === 'json') measures['fetch_json_cpu_us'] = costOf(costs, 'ours-fetch')
  }

  try {
    const hits = measurePrefixHits()
    measures['prefix_hits_vs_oracle'] = hits.share
    details['prefix_imbalance'] = hits.imbalance
  } catch (error) {
    measures['prefix_hits_vs_oracle'] = null
    reasons['prefix_hits_vs_oracle'] = error instanceof Error ? error.message : String(error)
  }

  // The same stream for a caller in Anthropic's dialect: every event is translated.
  const translating = { ...ours, path: '/v1/messages' }
  const translated = await measureCost([translating], { ...plan, body: shortChat({ stream: true, max_tokens: 100 }), connections })
  noteDropped('translate_sse', translated.dropped)
  show('translate_sse', translated.values)
  details['translate_sse'] = Object.fromEntries(translated.values)
  measures['translate_sse_cpu_us'] = costOf(translated.values, 'ours')

  const megabytes = (bytes: number) => bytes / 1024 ** 2
  const loaded = Object.fromEntries(all.map(({ name, server }) => [name, megabytes(residentBytes(server.pid))]))
  details['rss_after_load_mb'] = loaded
  measures['rss_vs_bare'] = ratio(loaded['ours'] ?? Number.NaN, loaded['bare'] ?? Number.NaN)

  const { values: first, dropped } = await measureFirstContent(present([upstream, bare, ours, portkey, litellm, bifrost]), plan.streams)
  noteDropped('first_content', dropped)
  const added = (name: string, share: number) => percentile(first.get(name) ?? [], share) - percentile(first.get('direct') ?? [], share)
  details['first_content_ms'] = Object.fromEntries(
    [...first].map(([name, times]) => [name, { p50: median(times), p99: percentile(times, 0.99) }]),
  )
  console.log('\nfirst content, ms')
  console.table(details['first_content_ms'])
  measures['ttft_added_ms_p50'] = added('ours', 0.5)
  measures['ttft_added_ms_p99'] = added('ours', 0.99)

  const open: Record<string, { p50: number; p99: number }> = {}
  const openFailures = new Map<string, string>()
  for (const contender of [upstream, bare, ours]) {
    try {
      const latencies = await measureOpenLoop(contender, 1_000, plan.openSeconds)
      open[contender.name] = { p50: median(latencies), p99: percentile(latencies, 0.99) }
    } catch (error) {
      openFailures.set(contender.name, wordsOf(error))
    }
  }
  noteDropped('open_loop', openFailures)
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
}

/** Only whether everyone answers, without a measurement. */
const proving = process.argv.includes('--prove')
try {
  if (!proving) {
    await measureAll()
    await measureLimits()
  }
} finally {
  for (const { server } of all.toReversed()) await server[Symbol.asyncDispose]()
}

if (Object.keys(droppedFrom).length > 0) details['dropped'] = droppedFrom
if (!proving) report({ bench: 'gateway', quick, measures, reasons, details }, loadAverage)
