/** Prometheus metrics of the gateway, fed by finished requests. */
import type { RequestEvent } from '@bud-foundry/core'
import { metricSeries } from '../limits.ts'
import { Histogram } from './histogram.ts'

/** Seconds. Dense where gateways differ: from 50 µs. */
const overheadBounds = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]
/** Seconds; bounds of `gen_ai.server.time_to_first_token` in OpenTelemetry's GenAI conventions. */
const ttftBounds = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
/** Seconds; bounds of `gen_ai.server.time_per_output_token`. */
const tokenBounds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]
/** Seconds; bounds of `gen_ai.server.request.duration`. */
const durationBounds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]

const tokenKinds = ['input', 'cached_input', 'cache_write_input', 'output', 'reasoning'] as const

interface Series {
  readonly labels: string
  readonly overhead: Histogram
  readonly ttft: Histogram
  readonly perToken: Histogram
  readonly tokens: Record<(typeof tokenKinds)[number], number>
  costUsd: number
}

interface Duration {
  readonly labels: string
  readonly histogram: Histogram
}

interface Counter {
  readonly labels: string
  value: number
}

const escapeLabel = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

const labelsOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',')

/** The entry of a key, made on first sight; one entry named `other` for all that come after the bound. */
function entryOf<Entry>(map: Map<string, Entry>, key: string, make: (isOverflow: boolean) => Entry): Entry {
  let entry = map.get(key)
  if (entry !== undefined) return entry
  const isOverflow = map.size >= metricSeries
  entry = (isOverflow ? map.get('other') : undefined) ?? make(isOverflow)
  map.set(isOverflow ? 'other' : key, entry)
  return entry
}

/** Counters of one name, by their labels. */
interface CounterFamily {
  readonly help: string
  readonly entries: Map<string, Counter>
}

export interface MetricGauges {
  readonly inFlight: number
  readonly eventsPending: number
  readonly eventsDropped: number
  readonly targets: Iterable<{ readonly id: string; readonly inFlight: number; readonly healthy: boolean }>
}

export class GatewayMetrics {
  readonly #series = new Map<string, Series>()
  /** By outcome too: how long failures take is another question than how long answers take. */
  readonly #durations = new Map<string, Duration>()
  readonly #requests = new Map<string, Counter>()
  readonly #attempts = new Map<string, Counter>()
  /** What stages count. */
  readonly #families = new Map<string, CounterFamily>()

  /** Adds to a counter of its own. Label values must come from the configuration, never from a caller. */
  count(family: { readonly name: string; readonly help: string }, labels: Readonly<Record<string, string>>, by = 1): void {
    let counters = this.#families.get(family.name)
    if (counters === undefined) this.#families.set(family.name, (counters = { help: family.help, entries: new Map() }))
    const rendered = labelsOf(labels)
    const overflow = () => labelsOf(Object.fromEntries(Object.keys(labels).map((name) => [name, 'other'])))
    entryOf(counters.entries, rendered, (isOverflow) => ({ labels: isOverflow ? overflow() : rendered, value: 0 })).value += by
  }

  record(event: RequestEvent): void {
    const model = event.model ?? 'unknown'
    const target = event.targetId ?? ''
    const key = `${model}\n${event.operation}\n${event.outcome}\n${String(event.status)}`
    const request = entryOf(this.#requests, key, (isOverflow) => ({
      labels: isOverflow
        ? labelsOf({ model: 'other', operation: 'other', outcome: 'other', status: 'other' })
        : labelsOf({ model, operation: event.operation, outcome: event.outcome, status: String(event.status) }),
      value: 0,
    }))
    request.value += 1
    for (const attempt of event.attempts) {
      const entry = entryOf(this.#attempts, `${attempt.targetId}\n${attempt.outcome}`, (isOverflow) => ({
        labels: labelsOf(isOverflow ? { target: 'other', outcome: 'other' } : { target: attempt.targetId, outcome: attempt.outcome }),
        value: 0,
      }))
      entry.value += 1
    }
    this.#recordDuration(model, target, event)
    if (event.targetId !== undefined) this.#recordSeries(this.#seriesOf(model, target), event)
  }

  /** Time to the first content of a model's streams at a quantile; undefined until something was measured. */
  ttftSeconds(model: string, share: number): number | undefined {
    let longest: number | undefined
    for (const [key, series] of this.#series) {
      if (!key.startsWith(`${model}\n`)) continue
      const seconds = series.ttft.quantile(share)
      if (seconds !== undefined) longest = Math.max(longest ?? 0, seconds)
    }
    return longest
  }

  /** The text exposition format, version 0.0.4. */
  render(gauges: MetricGauges): string {
    const lines: string[] = []
    const family = (name: string, type: string, help: string) => lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    const counters = (name: string, help: string, entries: Iterable<Counter>) => {
      family(name, 'counter', help)
      for (const { labels, value } of entries) lines.push(`${name}${labels === '' ? '' : `{${labels}}`} ${String(value)}`)
    }
    counters('bud_gateway_requests_total', 'Finished requests.', this.#requests.values())
    counters('bud_gateway_attempts_total', 'Tries against upstream targets.', this.#attempts.values())
    for (const [name, { help, entries }] of this.#families) counters(name, help, entries.values())
    const histograms = [
      ['bud_gateway_overhead_seconds', 'Time in the gateway before the first try was sent.', 'overhead'],
      ['bud_gateway_time_to_first_token_seconds', 'From arrival to the first content of a stream.', 'ttft'],
      ['bud_gateway_time_per_output_token_seconds', 'Mean time between tokens of one answer.', 'perToken'],
    ] as const
    for (const [name, help, field] of histograms) {
      family(name, 'histogram', help)
      for (const series of this.#series.values()) lines.push(series[field].render(name, series.labels))
    }
    const durations = 'bud_gateway_request_duration_seconds'
    family(durations, 'histogram', 'From arrival to the end of the answer.')
    for (const { histogram, labels } of this.#durations.values()) lines.push(histogram.render(durations, labels))
    family('bud_gateway_tokens_total', 'counter', 'Tokens, by kind.')
    for (const series of this.#series.values())
      for (const kind of tokenKinds) lines.push(`bud_gateway_tokens_total{${series.labels},kind="${kind}"} ${String(series.tokens[kind])}`)
    family('bud_gateway_cost_usd_total', 'counter', 'Cost of answers with a known price.')
    for (const series of this.#series.values()) lines.push(`bud_gateway_cost_usd_total{${series.labels}} ${String(series.costUsd)}`)
    this.#renderGauges(gauges, lines, family)
    return `${lines.join('\n')}\n`
  }

  #renderGauges(gauges: MetricGauges, lines: string[], family: (name: string, type: string, help: string) => void): void {
    const single = (name: string, type: string, help: string, value: number) => {
      family(name, type, help)
      lines.push(`${name} ${String(value)}`)
    }
    single('bud_gateway_requests_in_flight', 'gauge', 'Requests that are being answered.', gauges.inFlight)
    single('bud_gateway_events_pending', 'gauge', 'Events waiting for the sink.', gauges.eventsPending)
    single('bud_gateway_events_dropped_total', 'counter', 'Events lost because the sink was too slow.', gauges.eventsDropped)
    const targets = [...gauges.targets]
    family('bud_gateway_target_in_flight', 'gauge', 'Tries in flight.')
    for (const target of targets) lines.push(`bud_gateway_target_in_flight{${labelsOf({ target: target.id })}} ${String(target.inFlight)}`)
    family(
      'bud_gateway_target_healthy',
      'gauge',
      '1 when requests may go to the target; with workers, the share of them for which that is so.',
    )
    for (const target of targets) lines.push(`bud_gateway_target_healthy{${labelsOf({ target: target.id })}} ${target.healthy ? '1' : '0'}`)
  }

  #seriesOf(model: string, target: string): Series {
    return entryOf(this.#series, `${model}\n${target}`, (isOverflow) => ({
      labels: labelsOf(isOverflow ? { model: 'other', target: 'other' } : { model, target }),
      overhead: new Histogram(overheadBounds),
      ttft: new Histogram(ttftBounds),
      perToken: new Histogram(tokenBounds),
      tokens: { input: 0, cached_input: 0, cache_write_input: 0, output: 0, reasoning: 0 },
      costUsd: 0,
    }))
  }

  #recordDuration(model: string, target: string, event: RequestEvent): void {
    const { outcome } = event
    const entry = entryOf(this.#durations, `${model}\n${target}\n${outcome}`, (isOverflow) => ({
      labels: labelsOf(isOverflow ? { model: 'other', target: 'other', outcome: 'other' } : { model, target, outcome }),
      histogram: new Histogram(durationBounds),
    }))
    entry.histogram.observe(event.durationMs / 1_000)
  }

  #recordSeries(series: Series, event: RequestEvent): void {
    if (event.overheadMs !== undefined) series.overhead.observe(event.overheadMs / 1_000)
    if (event.timeToFirstTokenMs !== undefined) series.ttft.observe(event.timeToFirstTokenMs / 1_000)
    if (event.timePerOutputTokenMs !== undefined) series.perToken.observe(event.timePerOutputTokenMs / 1_000)
    series.tokens.input += event.inputTokens
    series.tokens.cached_input += event.cachedInputTokens
    series.tokens.cache_write_input += event.cacheWriteInputTokens
    series.tokens.output += event.outputTokens
    series.tokens.reasoning += event.reasoningTokens
    series.costUsd += event.costUsd ?? 0
  }
}
