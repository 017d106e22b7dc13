/** Whose rows, which of them and when, as SQL: every query over requests or their rollups starts here, and nowhere else. */
import type { QueryParam } from '../client/analytics-client.ts'
import { toMicros } from '../table/cell.ts'
import { dimensionNames, dimensions } from './dimension.ts'
import { rangeNames, type Filters, type RangeName, type Ranges, type Selection } from './request-engine.ts'
import type { Scope } from './scope.ts'

export interface Clause {
  readonly sql: string
  readonly params: Readonly<Record<string, QueryParam>>
}

/** The one place where tenants are kept apart: every query over requests contains this clause. */
export function compileScope(scope: Scope): Clause {
  if (scope.kind === 'all') return { sql: '1', params: {} }
  return {
    sql: 'project_id IN {scope_project_ids:Array(String)}',
    params: { scope_project_ids: scope.projectIds.map((id) => id.toWellFormed()) },
  }
}

const wellFormed = (values: readonly string[]) => values.map((value) => value.toWellFormed())

function compileFilters(filters: Filters): Clause {
  const parts: string[] = []
  const params: Record<string, QueryParam> = {}
  for (const name of dimensionNames) {
    const values = filters[name]
    if (values === undefined) continue
    parts.push(` AND ${dimensions[name].sql} IN {filter_${name}:Array(String)}`)
    params[`filter_${name}`] = wellFormed(values)
  }
  return { sql: parts.join(''), params }
}

/** The names of tags are the caller's, so they are bound like values. */
function compileTags(tags: Selection['tags'] = {}): Clause {
  const entries = Object.entries(tags)
  return {
    sql: entries.map((_, index) => ` AND tags[{tag_${String(index)}:String}] IN {tag_values_${String(index)}:Array(String)}`).join(''),
    params: {
      ...Object.fromEntries(entries.map(([name], index) => [`tag_${String(index)}`, name.toWellFormed()])),
      ...Object.fromEntries(entries.map(([, values], index) => [`tag_values_${String(index)}`, wellFormed(values)])),
    },
  }
}

/** A column, and the number that bounds it there. */
const rangeColumns: Readonly<Record<RangeName, { readonly column: string; readonly toColumn: (value: number) => number }>> = {
  durationMs: { column: 'duration_us', toColumn: toMicros },
  timeToFirstTokenMs: { column: 'time_to_first_token_us', toColumn: toMicros },
  inputTokens: { column: 'input_tokens', toColumn: (value) => value },
  outputTokens: { column: 'output_tokens', toColumn: (value) => value },
  costUsd: { column: 'toFloat64(cost_usd)', toColumn: (value) => value },
  status: { column: 'status', toColumn: (value) => value },
}

function compileRanges(ranges: Ranges = {}): Clause {
  const parts: string[] = []
  const params: Record<string, QueryParam> = {}
  for (const name of rangeNames) {
    const range = ranges[name]
    const { column, toColumn } = rangeColumns[name]
    for (const [end, operator] of [
      ['min', '>='],
      ['max', '<='],
    ] as const) {
      const value = range?.[end]
      if (value === undefined) continue
      parts.push(` AND ${column} ${operator} {${end}_${name}:Float64}`)
      params[`${end}_${name}`] = toColumn(value)
    }
  }
  return { sql: parts.join(''), params }
}

/** Where words are looked for, joined so that one pass over the row finds them all. */
export const searchedText =
  "concatWithSeparator(' ', id_text, toString(id), trace_text, replaceAll(toString(trace_id), '-', ''), project_id, key_id, user_id, dialect, requested_model, model, target_id, provider_id, error_code, finish_reason, client_ip, user_agent, arrayStringConcat(mapKeys(tags), ' '), arrayStringConcat(mapValues(tags), ' '))"

function compileWords(words: readonly string[] = []): Clause {
  return {
    sql: words.map((_, index) => ` AND positionCaseInsensitiveUTF8(${searchedText}, {word_${String(index)}:String}) > 0`).join(''),
    params: Object.fromEntries(words.map((word, index) => [`word_${String(index)}`, word.toWellFormed()])),
  }
}

export interface Extent {
  /** `requests` or a rollup. */
  readonly table: string
  readonly fromUs: number
  readonly toUs: number
  /** Keeps the parameters of several extents in one query apart. */
  readonly prefix?: string
  /** `ran`: what ran at any moment of the extent; `arrived` is the default. */
  readonly time?: 'arrived' | 'ran'
}

function compileTime({ table, fromUs, toUs, prefix = '', time = 'arrived' }: Extent): Clause {
  const [from, to] = [`${prefix}from_us`, `${prefix}to_us`]
  const params = { [from]: fromUs, [to]: toUs }
  if (table !== 'requests') {
    return {
      sql: `bucket >= toDateTime(intDiv({${from}:Int64}, 1000000), 'UTC') AND bucket < toDateTime(intDiv({${to}:Int64}, 1000000), 'UTC')`,
      params,
    }
  }
  const before = `time < fromUnixTimestamp64Micro({${to}:Int64})`
  // The second form uses the index on the same expression, so that only granules with a long enough request are read.
  const sql =
    time === 'arrived'
      ? `time >= fromUnixTimestamp64Micro({${from}:Int64}) AND ${before}`
      : `${before} AND addMicroseconds(time, duration_us) > fromUnixTimestamp64Micro({${from}:Int64})`
  return { sql, params }
}

/** `FROM … WHERE …`: the scope first, then the time, then what the caller filters by. */
export function compileSelection(selection: Selection, extent: Extent): Clause {
  const scope = compileScope(selection.scope)
  const time = compileTime(extent)
  const rest = [
    compileFilters(selection.filters),
    compileTags(selection.tags),
    compileRanges(selection.ranges),
    compileWords(selection.words),
  ]
  return {
    sql: `FROM ${extent.table} WHERE ${scope.sql} AND ${time.sql}${rest.map(({ sql }) => sql).join('')}`,
    params: Object.assign({}, scope.params, time.params, ...rest.map(({ params }) => params)) as Clause['params'],
  }
}
