/** Answers typed questions: checks them, joins those that look at the same rows, and fills the buckets in which nothing happened. */
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import type { AggregateName } from './aggregate.ts'
import { cutWindow, parseInterval, roughMs, windowBefore } from './calendar.ts'
import { toGroup, type Group } from './group.ts'
import {
  aggregatesOf,
  emptyAggregates,
  isOverlap,
  measureFacts,
  measures,
  readMeasures,
  type AskMeasure,
  type MeasureName,
} from './measures/registry.ts'
import type { MeasureUnit } from './measures/measure.ts'
import { assertPoints, parseQuery, questionSchema, resolveWindow, toFilters, type Question } from './question.ts'
import type { AggregatePlan, AggregateRow, InFlightRow, Selection } from './request-engine.ts'
import type { ReaderParts } from './reader-parts.ts'
import { bucketEndUs, bucketSeconds, bucketStartUs, countBuckets, type TimeWindow } from './window.ts'

type Values = Readonly<Partial<Record<AskMeasure, number | null>>>

export interface AnswerRow {
  /** Start of the bucket, or of the window. */
  readonly timeUnixMs: number
  readonly endUnixMs: number
  /** The value of each dimension asked for, empty where requests have none. */
  readonly group: Group
  /** This row is what is in none of the other groups. */
  readonly isOther?: true
  readonly values: Values
  /** How many requests a value rests on, where those are not all requests. */
  readonly counts: Readonly<Partial<Record<AskMeasure, number>>>
  /** With `compare`: the values of the bucket at the same place of the window before. */
  readonly previous?: Values
  /** With `compare`: (now − before) / before; null where there is no before, or it is zero. */
  readonly changes?: Values
}

export interface AnswerMeasure {
  readonly unit: MeasureUnit
  /** Largest relative error of the values; 0 is exact. */
  readonly errorBound: number
}

export interface Answer {
  /** The start asked for, moved back to the start of its bucket. */
  readonly fromUnixMs: number
  readonly toUnixMs: number
  readonly timeZone: string
  readonly interval?: string
  readonly measures: Readonly<Partial<Record<AskMeasure, AnswerMeasure>>>
  /** By group (the largest first), then by time; no bucket is missing. */
  readonly rows: readonly AnswerRow[]
}

/** What is computed in one pass: everything of a question but its measures, and their union over the questions that share it. */
interface Pass {
  readonly selection: Selection
  readonly plan: Omit<AggregatePlan, 'selection' | 'aggregates'>
  readonly before: TimeWindow | undefined
  readonly timeZone: string
  readonly interval: string | undefined
}

function toPass(question: Question, { scope, clock }: ReaderParts): { readonly names: readonly AskMeasure[]; readonly pass: Pass } {
  const parsed = parseQuery(questionSchema, question)
  const { groupBy, filters, tags, ranges, search, timeZone, limit, orderBy, other, compare, slo, from } = parsed
  const ends = resolveWindow(parsed.window, clock.nowMs())
  const interval = parsed.interval === undefined ? undefined : parseInterval(parsed.interval)
  const groups = groupBy.length === 0 ? 1 : limit + (other ? 1 : 0)
  if (interval !== undefined) assertPoints(Math.ceil((ends.toUnixMs - ends.fromUnixMs) / roughMs(interval)), groups)
  const window = cutWindow({ ...ends, interval, timeZone })
  const words = search === undefined || search.length === 0 ? undefined : search
  const selection = { scope, filters: toFilters(filters), window, tags, ranges, words }
  const ranking = { by: measures[orderBy].rank ?? 'requests', limit, window } as const
  if (other && parsed.measure.some(isOverlap))
    throw metricsErrors.QUESTION_INVALID({
      issues: [{ path: 'other', message: 'does not go with inFlightMean and inFlightPeak', fix: 'ask for them apart' }],
    })
  return {
    names: parsed.measure,
    pass: {
      selection,
      plan: { groupBy, ranking, other, slo, from },
      before: compare === undefined ? undefined : windowBefore(window, { interval, timeZone }),
      timeZone,
      interval: parsed.interval,
    },
  }
}

interface Series {
  readonly group: readonly string[]
  readonly isOther: boolean
  readonly aggregates: Map<number, AggregateRow['aggregates']>
  readonly inFlight: Map<number, InFlightRow>
  rank: number
}

const keyOf = (isOther: boolean, group: readonly string[]) => JSON.stringify([isOther, group])

function toSeries(rows: readonly AggregateRow[], inFlight: readonly InFlightRow[], rankBy: AggregateName): Map<string, Series> {
  const series = new Map<string, Series>()
  const of = (isOther: boolean, group: readonly string[]): Series => {
    const key = keyOf(isOther, group)
    const one: Series = series.get(key) ?? { group, isOther, aggregates: new Map(), inFlight: new Map(), rank: 0 }
    series.set(key, one)
    return one
  }
  for (const row of rows) {
    const one = of(row.isOther, row.group)
    one.aggregates.set(row.bucket, row.aggregates)
    one.rank += Number(row.aggregates[rankBy] ?? 0)
  }
  for (const row of inFlight) of(false, row.group).inFlight.set(row.bucket, row)
  return series
}

async function compute(parts: ReaderParts, pass: Pass, names: readonly AskMeasure[], window: TimeWindow, signal: AbortSignal | undefined) {
  const { engine } = parts
  const { ranking, groupBy } = pass.plan
  const selection: Selection = { ...pass.selection, window }
  const read = names.filter((name): name is MeasureName => !isOverlap(name))
  const counted = read.map((name) => measures[name].countedBy).filter((name) => name !== undefined)
  const aggregates = [...new Set([...aggregatesOf(read), ...counted, ranking.by])]
  const [rows, inFlight] = await Promise.all([
    read.length > 0 ? engine.aggregate({ ...pass.plan, selection, aggregates }, signal) : [],
    names.some(isOverlap) ? engine.inFlight({ selection, groupBy, ranking }, signal) : [],
  ])
  const series = toSeries(rows, inFlight, ranking.by)
  if (groupBy.length === 0 && series.size === 0)
    series.set(keyOf(false, []), { group: [], isOther: false, aggregates: new Map(), inFlight: new Map(), rank: 0 })
  return series
}

function valuesAt(series: Series | undefined, names: readonly AskMeasure[], window: TimeWindow, bucket: number): Values {
  const seconds = bucketSeconds(window, bucket)
  const read = names.filter((name): name is MeasureName => !isOverlap(name))
  const row = series?.inFlight.get(bucket)
  return {
    ...readMeasures(read, series?.aggregates.get(bucket) ?? emptyAggregates, seconds),
    ...(names.includes('inFlightMean') ? { inFlightMean: (row?.busyUs ?? 0) / 1_000_000 / seconds } : {}),
    ...(names.includes('inFlightPeak') ? { inFlightPeak: row?.peak ?? 0 } : {}),
  }
}

function countsAt(series: Series, names: readonly AskMeasure[], bucket: number): AnswerRow['counts'] {
  const aggregates = series.aggregates.get(bucket)
  return Object.fromEntries(
    names.flatMap((name) => {
      const by = isOverlap(name) ? undefined : measures[name].countedBy
      return by === undefined ? [] : [[name, Number(aggregates?.[by] ?? 0)]]
    }),
  )
}

export const changeOf = (now: number | null | undefined, before: number | null | undefined): number | null =>
  typeof now !== 'number' || typeof before !== 'number' || before === 0 ? null : (now - before) / before

interface Computed {
  readonly pass: Pass
  readonly series: Map<string, Series>
  readonly earlier: Map<string, Series> | undefined
}

function toAnswer({ pass, series, earlier }: Computed, names: readonly AskMeasure[]): Answer {
  const { window } = pass.selection
  const rows = [...series.entries()]
    .sort(
      ([leftKey, left], [rightKey, right]) =>
        Number(left.isOther) - Number(right.isOther) || right.rank - left.rank || (leftKey < rightKey ? -1 : 1),
    )
    .flatMap(([key, one]) =>
      Array.from({ length: countBuckets(window) }, (_, bucket): AnswerRow => {
        const values = valuesAt(one, names, window, bucket)
        const previous =
          earlier === undefined || pass.before === undefined ? undefined : valuesAt(earlier.get(key), names, pass.before, bucket)
        return {
          timeUnixMs: bucketStartUs(window, bucket) / 1000,
          endUnixMs: bucketEndUs(window, bucket) / 1000,
          group: toGroup(pass.plan.groupBy, one.group),
          ...(one.isOther ? { isOther: true } : {}),
          values,
          counts: countsAt(one, names, bucket),
          ...(previous === undefined
            ? {}
            : { previous, changes: Object.fromEntries(names.map((name) => [name, changeOf(values[name], previous[name])])) }),
        }
      }),
    )
  return {
    fromUnixMs: window.fromUs / 1000,
    toUnixMs: window.toUs / 1000,
    timeZone: pass.timeZone,
    ...(pass.interval === undefined ? {} : { interval: pass.interval }),
    measures: Object.fromEntries(names.map((name) => [name, { unit: measureFacts(name).unit, errorBound: measureFacts(name).errorBound }])),
    rows,
  }
}

/** Answers in the order of the questions. @throws METRICS_QUESTION_INVALID */
export async function askMany(parts: ReaderParts, questions: readonly Question[], signal?: AbortSignal): Promise<readonly Answer[]> {
  if (questions.length > metricsLimits.questionsAtOnce)
    throw metricsErrors.QUESTION_INVALID({
      issues: [
        {
          path: '',
          message: `has ${String(questions.length)} questions`,
          fix: `ask at most ${String(metricsLimits.questionsAtOnce)} at once`,
        },
      ],
    })
  const asked = questions.map((question) => toPass(question, parts))
  const passes = new Map<string, { readonly pass: Pass; readonly names: Set<AskMeasure> }>()
  const keys = asked.map(({ pass, names }) => {
    const key = JSON.stringify(pass)
    const known = passes.get(key) ?? { pass, names: new Set<AskMeasure>() }
    for (const name of names) known.names.add(name)
    passes.set(key, known)
    return key
  })
  const computed = new Map(
    await Promise.all(
      [...passes].map(async ([key, { pass, names }]): Promise<readonly [string, Computed]> => {
        const list = [...names]
        const [series, earlier] = await Promise.all([
          compute(parts, pass, list, pass.selection.window, signal),
          pass.before === undefined ? undefined : compute(parts, pass, list, pass.before, signal),
        ])
        return [key, { pass, series, earlier }]
      }),
    ),
  )
  return asked.flatMap(({ names }, index) => {
    const found = computed.get(keys[index] ?? '')
    return found === undefined ? [] : [toAnswer(found, names)]
  })
}
