/** Reads Prometheus' text format 0.0.4 and OpenMetrics: samples with their labels, whatever else is on the page. */
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'

export interface ExpositionSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** NaN and infinities as they are written. */
  readonly value: number
  /** Milliseconds; undefined when the page does not say. */
  readonly timeUnixMs: number | undefined
}

const namePattern = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const labelPattern = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,?)/y
const restPattern = /^\s+(\S+)(?:\s+(-?[0-9.eE+]+))?\s*(?:#.*)?$/

const escapes: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' }
const unescape = (text: string) =>
  text.includes('\\') ? text.replace(/\\(.)/g, (_, character: string) => escapes[character] ?? `\\${character}`) : text

function parseValue(text: string): number {
  if (/^[+]?inf(inity)?$/i.test(text)) return Number.POSITIVE_INFINITY
  if (/^-inf(inity)?$/i.test(text)) return Number.NEGATIVE_INFINITY
  return /^nan$/i.test(text) ? Number.NaN : Number(text)
}

/** The labels between braces; undefined when the text is none, and `end` is where the value begins. */
function parseLabels(line: string, start: number): { readonly labels: Record<string, string>; readonly end: number } | undefined {
  const labels: Record<string, string> = {}
  if (line[start] !== '{') return { labels, end: start }
  let at = start + 1
  for (;;) {
    if (/^\s*\}/.test(line.slice(at, at + 8))) return { labels, end: line.indexOf('}', at) + 1 }
    labelPattern.lastIndex = at
    const match = labelPattern.exec(line)
    if (match === null) return undefined
    const [, name = '', value = ''] = match
    labels[name] = unescape(value)
    at = labelPattern.lastIndex
  }
}

function parseLine(line: string, isOpenMetrics: boolean): ExpositionSample | undefined {
  namePattern.lastIndex = 0
  const name = namePattern.exec(line)?.[0]
  if (name === undefined) return undefined
  const parsed = parseLabels(line, name.length)
  const rest =
    parsed === undefined
      ? null
      : restPattern.exec(
          line
            .slice(parsed.end)
            .padStart(1, ' ')
            .replace(/^(?=\S)/, ' '),
        )
  if (parsed === undefined || rest === null) return undefined
  const value = parseValue(rest[1] ?? '')
  if (Number.isNaN(value) && !/^nan$/i.test(rest[1] ?? '')) return undefined
  const time = rest[2] === undefined ? undefined : Number(rest[2])
  // OpenMetrics counts seconds, the older format milliseconds.
  return { name, labels: parsed.labels, value, timeUnixMs: time === undefined || !isOpenMetrics ? time : time * 1000 }
}

/**
 * The samples of a page; comments and metadata are passed over.
 * @throws METRICS_EXPOSITION_INVALID with the number of the first line that is no sample, or when there are too many
 */
export function parseExposition(page: string): readonly ExpositionSample[] {
  const lines = page.split('\n')
  const isOpenMetrics = /^# EOF\s*$/m.test(page)
  const samples: ExpositionSample[] = []
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const sample = parseLine(line, isOpenMetrics)
    if (sample === undefined) throw metricsErrors.EXPOSITION_INVALID({ line: index + 1, text: line.slice(0, 80) })
    if (samples.length >= metricsLimits.scrapeSamples) {
      throw metricsErrors.EXPOSITION_INVALID({ line: index + 1, text: `more than ${String(metricsLimits.scrapeSamples)} samples` })
    }
    samples.push(sample)
  }
  return samples
}
