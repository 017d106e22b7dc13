/** How long an upstream asks to wait, read from its headers alone. */

type Headers = Readonly<Record<string, string | undefined>>

/** Longest wait that is believed; a longer one is a mistake or means "not today". */
const longestWaitMs = 24 * 3_600_000

const bounded = (waitMs: number): number | undefined =>
  Number.isFinite(waitMs) && waitMs >= 0 ? Math.min(Math.ceil(waitMs), longestWaitMs) : undefined

/** Go durations, as OpenAI writes its resets: `6m0s`, `1.5s`, `12ms` (platform.openai.com/docs/guides/rate-limits). */
export function parseDurationMs(text: string): number | undefined {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
  let totalMs = 0
  let rest = text.trim()
  if (rest === '') return undefined
  if (/^\d+(\.\d+)?$/.test(rest)) return Number(rest) * 1_000
  while (rest !== '') {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)/.exec(rest)
    if (match === null) return undefined
    totalMs += Number(match[1]) * (units[match[2] ?? ''] ?? 0)
    rest = rest.slice(match[0].length)
  }
  return totalMs
}

/** Time of the answer: its `date` header, so that the two clocks need not agree. NaN when nothing says it. */
function answeredAtMs(headers: Headers, nowUnixMs: number | undefined): number {
  const stated = Date.parse(headers['date'] ?? '')
  return Number.isNaN(stated) ? (nowUnixMs ?? Number.NaN) : stated
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3), and `retry-after-ms`, which OpenAI and Azure send. */
function retryAfterHeader(headers: Headers, nowUnixMs: number | undefined): number | undefined {
  const milliseconds = headers['retry-after-ms']
  if (milliseconds !== undefined && /^\d+(\.\d+)?$/.test(milliseconds.trim())) return bounded(Number(milliseconds))
  const value = headers['retry-after']?.trim()
  if (value === undefined || value === '') return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return bounded(Number(value) * 1_000)
  // Date.parse reads almost anything as a date; an HTTP date begins with the name of a day.
  if (!/^[A-Z][a-z]{2,8},? /.test(value)) return undefined
  const waitMs = Date.parse(value) - answeredAtMs(headers, nowUnixMs)
  return Number.isNaN(waitMs) ? undefined : bounded(Math.max(0, waitMs))
}

const anthropicLimits = ['requests', 'tokens', 'input-tokens', 'output-tokens']

/** Resets of the limits that stand at zero: OpenAI's durations and Anthropic's RFC 3339 times. The longest of them counts. */
function exhaustedReset(headers: Headers, nowUnixMs: number | undefined): number | undefined {
  const waits: number[] = []
  for (const limit of ['requests', 'tokens']) {
    if (headers[`x-ratelimit-remaining-${limit}`]?.trim() !== '0') continue
    const waitMs = parseDurationMs(headers[`x-ratelimit-reset-${limit}`] ?? '')
    if (waitMs !== undefined) waits.push(waitMs)
  }
  for (const limit of anthropicLimits) {
    if (headers[`anthropic-ratelimit-${limit}-remaining`]?.trim() !== '0') continue
    const waitMs = Date.parse(headers[`anthropic-ratelimit-${limit}-reset`] ?? '') - answeredAtMs(headers, nowUnixMs)
    if (!Number.isNaN(waitMs)) waits.push(Math.max(0, waitMs))
  }
  return waits.length === 0 ? undefined : bounded(Math.max(...waits))
}

/** The wait that the headers ask for, in milliseconds; undefined when they say nothing. Names of headers are in lower case. */
export const readRetryAfterMs = (headers: Headers, nowUnixMs?: number): number | undefined =>
  retryAfterHeader(headers, nowUnixMs) ?? exhaustedReset(headers, nowUnixMs)
