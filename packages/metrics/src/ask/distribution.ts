/** How values spread over bins; with an interval, a heatmap. */
import { cutWindow, parseInterval, roughMs } from './calendar.ts'
import { toGroup, type Group } from './group.ts'
import { measures } from './measures/registry.ts'
import { assertPoints, distributionSchema, parseQuery, resolveWindow, toFilters, type DistributionQuestion } from './question.ts'
import type { DistributionName, DistributionRow } from './request-engine.ts'
import type { ReaderParts } from './reader-parts.ts'
import { bucketStartUs, countBuckets } from './window.ts'

export interface Distribution {
  readonly of: DistributionName
  readonly fromUnixMs: number
  readonly toUnixMs: number
  /** Upper ends of the bins, exclusive; `requests` has one number more, for what lies beyond. Requests without the value are in none. */
  readonly bounds: readonly number[]
  readonly rows: readonly { readonly timeUnixMs: number; readonly group: Group; readonly requests: readonly number[] }[]
}

/** From 1 ms, token or hundredth of a cent, growing by √2. */
const defaultBounds = (of: DistributionName): readonly number[] =>
  Array.from({ length: 41 }, (_, step) => Number(((of === 'costUsd' ? 1e-4 : 1) * 2 ** (step / 2)).toPrecision(6)))

/** @throws METRICS_QUESTION_INVALID */
export async function askDistribution(
  { engine, scope, clock }: ReaderParts,
  question: DistributionQuestion,
  signal?: AbortSignal,
): Promise<Distribution> {
  const parsed = parseQuery(distributionSchema, question)
  const { of, groupBy, filters, tags, ranges, search, timeZone, limit, orderBy, bounds = defaultBounds(of) } = parsed
  const ends = resolveWindow(parsed.window, clock.nowMs())
  const interval = parsed.interval === undefined ? undefined : parseInterval(parsed.interval)
  const bins = bounds.length + 1
  if (interval !== undefined)
    assertPoints(Math.ceil((ends.toUnixMs - ends.fromUnixMs) / roughMs(interval)) * bins, groupBy.length === 0 ? 1 : limit)
  const window = cutWindow({ ...ends, interval, timeZone })
  const words = search === undefined || search.length === 0 ? undefined : search
  const selection = { scope, filters: toFilters(filters), window, tags, ranges, words }
  const ranking = { by: measures[orderBy].rank ?? 'requests', limit, window } as const
  const rows = await engine.distribution({ selection, of, groupBy, ranking, bounds }, signal)
  const groups = new Map<string, { readonly group: readonly string[]; readonly rows: DistributionRow[]; requests: number }>()
  if (groupBy.length === 0) groups.set('[]', { group: [], rows: [], requests: 0 })
  for (const row of rows) {
    const key = JSON.stringify(row.group)
    const one = groups.get(key) ?? { group: row.group, rows: [], requests: 0 }
    one.rows.push(row)
    one.requests += row.requests
    groups.set(key, one)
  }
  return {
    of,
    fromUnixMs: window.fromUs / 1000,
    toUnixMs: window.toUs / 1000,
    bounds,
    rows: [...groups.entries()]
      .sort(([leftKey, left], [rightKey, right]) => right.requests - left.requests || (leftKey < rightKey ? -1 : 1))
      .flatMap(([, one]) =>
        Array.from({ length: countBuckets(window) }, (_, bucket) => {
          const counts = Array.from({ length: bins }, () => 0)
          for (const row of one.rows) if (row.bucket === bucket) counts[row.bin] = row.requests
          return { timeUnixMs: bucketStartUs(window, bucket) / 1000, group: toGroup(groupBy, one.group), requests: counts }
        }),
      ),
  }
}
