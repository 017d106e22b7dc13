/** The answer of optimize in words: the best, what binds, and how far the next ones are. */
import type { RankedCombination } from './combined-plan.ts'
import { prepareReplica } from '../predict/replica-estimate.ts'
import { publishedAcceptance } from '../predict/speculation.ts'
import { resolveSettings } from '../settings.ts'
import { nativeWeights } from '../memory/precision.ts'
import { assumesConvertedWeights, evaluateReplicas, type Evaluated } from './evaluate.ts'
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
    : next.devices === best.devices
      ? 'as many devices'
      : `${String(next.devices)} device${next.devices === 1 ? '' : 's'} instead of ${String(best.devices)}`
  const latency = `${(next.estimate.endToEndSeconds / best.estimate.endToEndSeconds).toFixed(2)} times the latency`
  return `${cost}, ${latency}, ${compared(next.outputTokensPerSecond, best.outputTokensPerSecond)} throughput`
}

/** What the checkpoint's own layers for multi-token prediction would bring, where nobody allowed them. */
function unusedPrediction(request: ResolvedRequest, best: Evaluated): readonly string[] {
  const { candidate, replicas } = best
  if (request.speculation !== undefined || request.model.predictionLayers === 0) return []
  const settings = resolveSettings({ ...candidate.settings, speculative: { method: 'mtp', tokens: 1 } })
  if (candidate.engine.refuse(request.model, settings, candidate.pool.hardware) !== undefined) return []
  const { model, hardware, engineVersion } = best.replica
  const replica = prepareReplica({ model, hardware, engineId: candidate.engine.id, engineVersion, settings })
  const guessing = replica.fit.fits ? evaluateReplicas(request, { ...candidate, settings }, replica, replicas) : undefined
  if (guessing === undefined) return []
  const percent = Math.round((1 - guessing.estimate.timePerOutputTokenSeconds / best.estimate.timePerOutputTokenSeconds) * 100)
  return percent <= 0
    ? []
    : [
        `The model carries layers for multi-token prediction, which are not used: where ${String(publishedAcceptance.mtp * 100)} % of their guesses hold, a token would take ${String(percent)} % less time; allow them as speculation (mtp).`,
      ]
}

const span = (counts: readonly number[]): string => {
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  return least === most ? String(least) : `${String(least)} to ${String(most)}`
}

/** Why a plan that looks better comes after the best: its weights or cache are not the checkpoint's own. */
function whyLater(request: ResolvedRequest, next: Evaluated, best: Evaluated): string {
  if (assumesConvertedWeights(request, next.candidate) && !assumesConvertedWeights(request, best.candidate))
    return '; it comes later because its weights are a conversion that the repository does not hold'
  const conversions = ({ candidate: { settings } }: Evaluated) =>
    (settings.weights === nativeWeights(request.model) ? 0 : 1) + (settings.kvCache === 'bf16' ? 0 : 1)
  return conversions(next) > conversions(best) ? '; it comes later because narrower weights or cache may change answers' : ''
}

/** Allowed ways of guessing tokens that no plan uses, and why. */
function refusedSpeculation(request: ResolvedRequest, { candidate }: Evaluated): readonly string[] {
  return (request.speculation ?? []).flatMap((speculative) => {
    const settings = resolveSettings({ ...candidate.settings, speculative })
    const refused = candidate.engine.refuse(request.model, settings, candidate.pool.hardware)
    return refused === undefined ? [] : [`Speculative decoding (${speculative.method}) is not used: ${refused}.`]
  })
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
  for (const next of others.slice(0, 3))
    lines.push(`Next: ${nameOf(next)}, ${costOf(next)}: ${distance(next, best)}${whyLater(request, next, best)}.`)
  lines.push(...unusedPrediction(request, best), ...refusedSpeculation(request, best))
  const front = paretoFront(ranked)
  if (front.length > 1)
    lines.push(
      `${String(front.length)} choices are beaten by none in cost, latency and throughput at once: with ${span(front.map(({ devices }) => devices))} devices, end to end from ${Math.min(...front.map(({ endToEndMs }) => endToEndMs)).toFixed(0)} to ${Math.max(...front.map(({ endToEndMs }) => endToEndMs)).toFixed(0)} ms.`,
    )
  return lines
}

/** Two kinds of hardware are more to run than one: only worth a word where one kind alone misses the objective or costs more. */
function isWorthwhile(request: ResolvedRequest, one: RankedCombination, best: Evaluated): boolean {
  if (one.meetsObjective && !best.meetsObjective) return true
  if (request.goal === 'throughput') return one.outputTokensPerSecond > best.outputTokensPerSecond * 1.01
  if (request.goal === 'latency') return one.endToEndSeconds < best.estimate.endToEndSeconds * 0.99
  return one.usdPerHour !== undefined && best.usdPerHour !== undefined ? one.usdPerHour < best.usdPerHour : one.devices < best.devices
}

/** Whether prefill and decode apart, or two kinds of hardware together, would be better than the best plan. */
export function summarizeCombinations(
  request: ResolvedRequest,
  best: Evaluated | undefined,
  combinations: readonly RankedCombination[],
): readonly string[] {
  const lines: string[] = []
  for (const kind of ['disaggregated', 'mixed'] as const) {
    const one = combinations.find((combination) => combination.kind === kind)
    if (one === undefined || best === undefined) continue
    if (kind === 'mixed' && !isWorthwhile(request, one, best)) continue
    const plan = one.combined()
    const name = kind === 'disaggregated' ? 'Prefill and decode apart' : 'Two kinds of hardware together'
    const parts = plan.parts.map(
      ({ role, plan: { replicas, devicesPerReplica, hardwareId } }) =>
        `${String(replicas)} ${role === 'aggregated' ? 'replicas' : role} of ${String(devicesPerReplica)} ${hardwareId}`,
    )
    const priced = one.usdPerHour !== undefined && best.usdPerHour !== undefined && best.usdPerHour > 0
    const cost = priced
      ? `${compared(one.usdPerHour, best.usdPerHour)} cost`
      : one.devices === best.devices
        ? 'as many devices'
        : `${String(one.devices)} devices instead of ${String(best.devices)}`
    const meets = request.objective === undefined || one.meetsObjective ? '' : ', and it misses the objective'
    const latency = (one.endToEndSeconds / best.estimate.endToEndSeconds).toFixed(2)
    lines.push(
      `${name}: ${parts.join(' and ')}: ${cost}, ${latency} times the latency, ${compared(one.outputTokensPerSecond, best.outputTokensPerSecond)} throughput${meets}${kind === 'disaggregated' && isWorthwhile(request, one, best) ? '; it comes second because it is predicted from formulas alone' : ''}.`,
    )
  }
  return lines
}
