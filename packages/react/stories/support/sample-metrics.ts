/** Answers of the metrics API for stories: a day's curve with a bad quarter of an hour, by model, and a spread of latencies. */
import { nowUnixMs } from '../../test/support/sample-data.ts'

const bucketMs = 60_000
const buckets = 60

const noise = (index: number) => ((index * 7919) % 97) / 97

/** A hill with noise; raised in one stretch, as an incident does. */
export function course(base: number, raised = 1): readonly number[] {
  return Array.from({ length: buckets }, (_, index) => {
    const isBad = index >= 36 && index < 44
    return Math.round(base * (0.7 + 0.25 * Math.sin(index / 9) + 0.25 * noise(index)) * (isBad ? raised : 1) * 100) / 100
  })
}

export const times = Array.from({ length: buckets }, (_, index) => nowUnixMs + (index - buckets) * bucketMs)

const units: Readonly<Record<string, string>> = {
  requests: 'requests',
  errors: 'requests',
  costUsd: 'usd',
  inputTokens: 'tokens',
  outputTokens: 'tokens',
}
const unitOf = (name: string) =>
  units[name] ?? (name.endsWith('Share') ? 'share' : name.includes('Usd') ? 'usd' : name.includes('Ms') ? 'ms' : 'requests')

const bases: Readonly<Record<string, number>> = {
  requests: 240,
  errors: 6,
  rejected: 3,
  outputTokens: 52_000,
  inputTokens: 91_000,
  cachedInputTokens: 30_000,
  costUsd: 1.3,
  cacheSavedUsd: 0.4,
  cacheHitShare: 0.31,
  cachedInputShare: 0.42,
  successShare: 0.98,
  goodShare: 0.985,
  errorShare: 0.02,
  timeToFirstTokenMsP50: 92,
  timeToFirstTokenMsP95: 240,
  timeToFirstTokenMsP99: 610,
  timePerOutputTokenMsP50: 8,
  timePerOutputTokenMsP95: 14,
}

interface Asked {
  readonly measure: readonly string[]
  readonly interval?: string
  readonly groupBy?: readonly string[]
  readonly compare?: string
}

const groupsOf: Readonly<Record<string, readonly string[]>> = {
  model: ['llama-3.1-8b', 'qwen3-32b', 'gpt-oss-120b'],
  countryCode: ['DE', 'US', 'IN', 'BR', 'JP', 'FR', 'ZA'],
  errorCode: ['GATEWAY_UPSTREAM_FAILED', 'GATEWAY_RATE_LIMITED', 'GATEWAY_TIMED_OUT'],
  targetId: ['twin-a', 'twin-b'],
  projectId: ['checkout', 'search', 'research'],
  outcome: ['success', 'error', 'rejected'],
}

/** The answer to a question, as the server writes it. */
export function answerTo({ measure, interval, groupBy = [], compare }: Asked) {
  const [dimension] = groupBy
  const groups = dimension === undefined ? [''] : (groupsOf[dimension] ?? ['a', 'b'])
  const valueAt = (name: string, index: number, at: number) => {
    const share = 1 / (at + 1)
    const raised = name.startsWith('time') ? 2.4 : name === 'errors' ? 6 : 1
    const value = course(bases[name] ?? 10, raised)[index] ?? 0
    return unitOf(name) === 'share' ? Math.min(bases[name] ?? 0, 1) - (index >= 36 && index < 44 ? 0.08 : 0) : value * share
  }
  const rows = groups.flatMap((group, at) =>
    (interval === undefined ? [undefined] : times).map((time, index) => ({
      timeUnixMs: time ?? times[0],
      endUnixMs: time === undefined ? nowUnixMs : time + bucketMs,
      group: dimension === undefined ? {} : { [dimension]: group },
      isOther: false,
      values: Object.fromEntries(
        measure.map((name) => [
          name,
          valueAt(name, index, at) * (time === undefined && unitOf(name) !== 'ms' && unitOf(name) !== 'share' ? buckets : 1),
        ]),
      ),
      counts: {},
      ...(compare === undefined
        ? {}
        : {
            previous: Object.fromEntries(measure.map((name) => [name, valueAt(name, index, at) * 0.9])),
            changes: Object.fromEntries(measure.map((name) => [name, 0.111])),
          }),
    })),
  )
  return {
    fromUnixMs: times[0],
    toUnixMs: nowUnixMs,
    timeZone: 'UTC',
    measures: Object.fromEntries(measure.map((name) => [name, { unit: unitOf(name), errorBound: unitOf(name) === 'ms' ? 0.01 : 0 }])),
    rows,
  }
}

export const answerNothing = (asked: Asked) => ({ ...answerTo(asked), rows: [] })

const bounds = [25, 50, 100, 200, 400, 800, 1600]

export const distribution = {
  of: 'timeToFirstTokenMs',
  fromUnixMs: times[0],
  toUnixMs: nowUnixMs,
  bounds,
  rows: times.map((timeUnixMs, index) => ({
    timeUnixMs,
    group: {},
    requests: [...bounds, 0].map((_, bin) => {
      const centre = index >= 36 && index < 44 ? 4 : 2
      return Math.max(0, Math.round(40 * Math.exp(-((bin - centre - noise(index + bin)) ** 2))))
    }),
  })),
}

export const catalogue = {
  measures: [
    {
      name: 'requests',
      definition: 'Requests that ended in the bucket, whatever their outcome.',
      unit: 'requests',
      nullMeans: '',
      errorBound: 0,
    },
    {
      name: 'timeToFirstTokenMsP50',
      definition: 'Half of the requests with a first token had it within this time.',
      unit: 'ms',
      nullMeans: 'no request had a first token',
      errorBound: 0.01,
    },
  ],
  dimensions: ['model'],
}

export const series = {
  fromUnixMs: times[0],
  toUnixMs: nowUnixMs,
  intervalMs: bucketMs,
  points: times.map((timeUnixMs, index) => ({
    timeUnixMs,
    requests: course(240)[index],
    errors: course(4, 6)[index],
    outputTokensPerSecond: course(860)[index],
    timeToFirstTokenMsP50: course(92, 2.4)[index],
    timeToFirstTokenMsP95: course(240, 2.4)[index],
  })),
  totals: { timeToFirstTokenMsP50: 92, timeToFirstTokenMsP95: 251 },
}
