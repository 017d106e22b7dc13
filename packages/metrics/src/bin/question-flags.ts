/** The flags of the verbs that ask as the question that they mean, and answers as tables for people. */
import { parseInterval, roughMs } from '../ask/calendar.ts'
import type { Answer } from '../ask/asker.ts'
import type { RecordAnswer } from '../ask/records/ask-records.ts'
import { WrongCallError } from './wrong-call.ts'

/** Flags of these verbs, for `parseArgs`. */
export const questionFlags = {
  question: { type: 'string' },
  measure: { type: 'string' },
  'group-by': { type: 'string' },
  filter: { type: 'string', multiple: true },
  last: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  interval: { type: 'string' },
  'time-zone': { type: 'string' },
  limit: { type: 'string' },
  compare: { type: 'boolean' },
  format: { type: 'string' },
  out: { type: 'string' },
  of: { type: 'string' },
  receiver: { type: 'string' },
  json: { type: 'boolean' },
} as const

export interface QuestionFlags {
  readonly question?: string | undefined
  readonly measure?: string | undefined
  readonly 'group-by'?: string | undefined
  readonly filter?: readonly string[] | undefined
  readonly last?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly interval?: string | undefined
  readonly 'time-zone'?: string | undefined
  readonly limit?: string | undefined
  readonly compare?: boolean | undefined
  readonly format?: string | undefined
  readonly out?: string | undefined
  readonly of?: string | undefined
  readonly receiver?: string | undefined
  readonly json?: boolean | undefined
}

const list = (text: string | undefined) => text?.split(',').map((part) => part.trim())

/** `model=a`, repeated: the values of one dimension add up. */
function toFilters(pairs: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const filters = new Map<string, string[]>()
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at === -1) throw new WrongCallError(`--filter '${pair}' has no value; write it as --filter ${pair}=llama, or ${pair}= for none`)
    const name = pair.slice(0, at)
    filters.set(name, [...(filters.get(name) ?? []), pair.slice(at + 1)])
  }
  return Object.fromEntries(filters)
}

function toTime(flag: string, text: string): number {
  const unixMs = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isFinite(unixMs)) return unixMs
  throw new WrongCallError(`${flag} '${text}' is no time; write it as 2026-10-25T00:00:00Z, or as Unix milliseconds`)
}

function toWindow({ last, from, to }: QuestionFlags, nowUnixMs: number): Readonly<Record<string, unknown>> {
  if (last !== undefined && from !== undefined) throw new WrongCallError('--last and --from contradict each other; leave out one of them')
  if (to === undefined && from === undefined) return { last: last ?? '24h' }
  const toUnixMs = to === undefined ? nowUnixMs : toTime('--to', to)
  if (from !== undefined) return { fromUnixMs: toTime('--from', from), toUnixMs }
  if (last === undefined) throw new WrongCallError('--to needs --from or --last, which say where the window begins')
  const length = parseInterval(last)
  if (length === undefined) throw new WrongCallError(`--last '${last}' is no length of time; write it as 90m, 48h or 7d`)
  return { fromUnixMs: toUnixMs - roughMs(length), toUnixMs }
}

/** With --question nothing else may say what is asked: it would be left out. */
function parseQuestion(text: string, flags: QuestionFlags): Record<string, unknown> {
  const { question: _question, json: _json, out: _out, receiver: _receiver, ...others } = flags
  const given = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]))
  if (given.length > 0) throw new WrongCallError(`--question says everything that is asked: leave out ${given.join(', ')}`)
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    throw new WrongCallError(`--question is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The body of a question; what is wrong with its names its own schema tells. @throws WrongCallError */
export function toQuestion(flags: QuestionFlags, nowUnixMs: number): Record<string, unknown> {
  if (flags.question !== undefined) return parseQuestion(flags.question, flags)
  const fields = {
    measure: list(flags.measure),
    groupBy: list(flags['group-by']),
    interval: flags.interval,
    timeZone: flags['time-zone'],
    limit: flags.limit === undefined ? undefined : Number(flags.limit),
    compare: flags.compare === true ? 'previous' : undefined,
    format: flags.format,
    of: flags.of,
  }
  return {
    window: toWindow(flags, nowUnixMs),
    filters: toFilters(flags.filter ?? []),
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  }
}

/** Labels are chosen by callers, and a terminal obeys what it is sent. */
const escapeControls = (text: string): string =>
  text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (character) => {
    const code = character.charCodeAt(0)
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })

const showNumber = (value: number | null | undefined) =>
  value === null || value === undefined ? '-' : String(Number(value.toPrecision(6)))

/** One line per row, columns as wide as they need to be. */
export function toTable({ rows }: Pick<Answer, 'rows'> | RecordAnswer): string {
  const [first] = rows
  if (first === undefined) return 'no rows'
  const names = Object.keys(first.values)
  const groups = Object.keys(first.group)
  const lines = [
    ['time', ...groups, ...names],
    ...rows.map((row) => [
      new Date(row.timeUnixMs).toISOString(),
      ...groups.map((name) =>
        'isOther' in row && row.isOther ? '(other)' : escapeControls(new Map(Object.entries(row.group)).get(name) ?? ''),
      ),
      ...names.map((name) => showNumber(new Map(Object.entries(row.values)).get(name))),
    ]),
  ]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
