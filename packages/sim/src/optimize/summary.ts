/** The answer of optimize in words: the best, what binds, and how far the next ones are. */
import type { Evaluated } from './evaluate.ts'
import type { ResolvedRequest } from './optimize-request.ts'
import { paretoFront } from './pareto.ts'
import { describeQueue, describeUse, tightestUse } from './reasons.ts'

const nameOf = ({ candidate, replicas, devices }: Evaluated) =>
  `${String(replicas)} × ${candidate.engine.name} on ${String(devices / replicas)} ${candidate.pool.hardware.id} (${candidate.settings.weights})`

const costOf = ({ usdPerHour, usdPerMillionOutputTokens, devices }: Evaluated) =>
  usdPerHour === undefined
    ? `${String(devices)} device${devices === 1 ? '' : 's'}`
    : `$${usdPerHour.toFixed(2)} an hour${usdPerMillionOutputTokens === undefined ? '' : `, $${usdPerMillionOutputTokens.toFixed(2)} a million output tokens`}`

/** `12 % more`, `8 % less`, or `the same`. */
function compared(value: number, base: number): string {
  const percent = Math.round((value / base - 1) * 100)
  return percent === 0 ? 'the same' : `${String(Math.abs(percent))} % ${percent > 0 ? 'more' : 'less'}`
}

function distance(next: Evaluated, best: Evaluated): string {
  const priced = next.usdPerHour !== undefined && best.usdPerHour !== undefined && best.usdPerHour > 0
  const cost = priced
    ? `${compared(next.usdPerHour, best.usdPerHour)} cost`
    : `${String(next.devices)} device${next.devices === 1 ? '' : 's'} instead of ${String(best.devices)}`
  const latency = `${(next.estimate.endToEndSeconds / best.estimate.endToEndSeconds).toFixed(2)} times the latency`
  return `${cost}, ${latency}, ${compared(next.outputTokensPerSecond, best.outputTokensPerSecond)} throughput`
}

/** Sentences, the most important first. */
export function summarize(request: ResolvedRequest, ranked: readonly Evaluated[], anyMeets: boolean): readonly string[] {
  const [best, ...others] = ranked
  if (best === undefined) return []
  const tightest = tightestUse(best)
  const lines = [
    `${anyMeets || request.objective === undefined ? 'Best' : 'Nothing meets the objective; nearest'}: ${nameOf(best)}, ${costOf(best)}.`,
  ]
  if (tightest !== undefined) lines.push(`What binds first: ${describeUse(tightest)}.`)
  if (best.estimate.waiting > 0) lines.push(describeQueue(best))
  for (const next of others.slice(0, 3)) lines.push(`Next: ${nameOf(next)}, ${costOf(next)}: ${distance(next, best)}.`)
  const front = paretoFront(ranked)
  if (front.length > 1)
    lines.push(
      `${String(front.length)} choices are beaten by none in cost, latency and throughput at once: from ${String(front[0]?.devices)} to ${String(front.at(-1)?.devices)} devices, end to end from ${Math.min(...front.map(({ endToEndMs }) => endToEndMs)).toFixed(0)} to ${Math.max(...front.map(({ endToEndMs }) => endToEndMs)).toFixed(0)} ms.`,
    )
  return lines
}
