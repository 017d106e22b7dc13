/** Values of events as cells of ClickHouse's JSON formats: exact where it matters, bounded everywhere. */

/** Milliseconds as whole microseconds, the resolution of every stored duration. */
export const toMicros = (ms: number): number => Math.min(Math.round(ms * 1000), Number.MAX_SAFE_INTEGER)

export const fromMicros = (micros: number): number => micros / 1000

/** Seconds with six decimals: the notation of DateTime64(6) that no server version reads as anything else; fewer digits would be read as a year. */
export function toTimeCell(timeUnixMs: number): string {
  const micros = toMicros(timeUnixMs)
  return `${String(Math.floor(micros / 1_000_000)).padStart(10, '0')}.${String(micros % 1_000_000).padStart(6, '0')}`
}

/** Absent is empty; half a surrogate pair, which JSON parsers refuse, becomes U+FFFD. */
export const toTextCell = (text: string | undefined): string => (text === undefined ? '' : text.toWellFormed())

const decimalMax = 999_999

/** US dollars to twelve decimals: a millionth of the price of a million-token cent. */
export const toMoneyCell = (usd: number): string => Math.min(usd, decimalMax).toFixed(12)
