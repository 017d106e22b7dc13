/** Limits as words of a command line: `requests=600/minute`, `tokens=1000000/day,model=gpt-*`, `concurrency=8`, `usd=50/month`. */
import { limitSchema, type Limit } from '../limit/limit-schema.ts'
import { gatewayErrors } from '../errors.ts'
import { formatUsd, toNanos } from '../money/nano-usd.ts'

const form = /^(requests|tokens|concurrency|usd)=(\d+(?:\.\d+)?)(?:\/(second|minute|hour|day|week|month|\d+s))?$/
const expected =
  'write requests=600/minute, tokens=1000000/day, concurrency=8 or usd=50/month (per second, minute, hour, day, week, month or 90s), then if wanted ,model=NAME ,per-model ,name=NAME ,time-zone=ZONE'

export const limitProblem = (text: string, problem: string = expected) =>
  gatewayErrors.OPTION_INVALID({ option: '--limit', problem: `is '${text}'; ${problem}` })

const zonedWindows: ReadonlySet<string> = new Set(['day', 'week', 'month'])
const zoneProblem = 'a time zone goes with day, week and month alone; leave time-zone out'

/** Weeks and months, and days of a time zone, are calendar windows; all others are of fixed length. */
export function windowOf(word: string, timeZone: string | undefined): unknown {
  if (word.endsWith('s') && /^\d/.test(word)) return { seconds: Number(word.slice(0, -1)) }
  if (word === 'week' || word === 'month' || (word === 'day' && timeZone !== undefined)) {
    return { calendar: word, ...(timeZone === undefined ? {} : { timeZone }) }
  }
  return word
}

/** @throws GATEWAY_OPTION_INVALID naming the text and what to write. */
export function parseLimit(text: string): Limit {
  const [head = '', ...more] = text.split(',')
  const [, kind, amount, window] = form.exec(head) ?? []
  if (kind === undefined || (kind === 'concurrency') !== (window === undefined)) throw limitProblem(text)
  const models: string[] = []
  const fields: Record<string, unknown> = {}
  let timeZone: string | undefined
  for (const part of more) {
    const [, name, value] = /^([^=]*)=(.+)$/.exec(part) ?? []
    if (name === 'model' && value !== undefined) models.push(value)
    else if (name === 'name' && fields['name'] === undefined) fields['name'] = value
    else if (name === 'time-zone' && timeZone === undefined) timeZone = value
    else if (part === 'per-model') fields['perModel'] = true
    else throw limitProblem(text)
  }
  if (timeZone !== undefined && !zonedWindows.has(window ?? '')) throw limitProblem(text, zoneProblem)
  const parsed = limitSchema.safeParse({
    ...fields,
    kind: kind === 'usd' ? 'spend' : kind,
    ...(kind === 'usd' ? { limitUsd: Number(amount) } : { limit: Number(amount) }),
    ...(window === undefined ? {} : { window: windowOf(window, timeZone) }),
    ...(models.length === 0 ? {} : { models }),
  })
  if (parsed.success) return parsed.data
  throw limitProblem(text, parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
}

/** The limits that the command line names; undefined where it names none. */
export const parseLimits = (texts: readonly string[] | undefined): readonly Limit[] | undefined => texts?.map(parseLimit)

const windowText = (limit: Limit): string => {
  if (limit.kind === 'concurrency') return ''
  const { window } = limit
  if (typeof window === 'string') return `/${window}`
  if ('seconds' in window) return `/${String(window.seconds)}s`
  // A day without a zone is of fixed length, which headers and counts tell apart.
  const isPlain = window.timeZone === 'UTC' && window.calendar !== 'day'
  return `/${window.calendar}${isPlain ? '' : `,time-zone=${window.timeZone}`}`
}

/** Words that `parseLimit` makes the same limit of; only a comma in a model's name has none. */
export function limitText(limit: Limit): string {
  const head = limit.kind === 'spend' ? `usd=${formatUsd(BigInt(toNanos(limit.limitUsd)))}` : `${limit.kind}=${String(limit.limit)}`
  const models = (limit.models ?? []).map((model) => `,model=${model}`).join('')
  const name = limit.name === undefined ? '' : `,name=${limit.name}`
  return `${head}${windowText(limit)}${models}${limit.perModel === true ? ',per-model' : ''}${name}`
}
