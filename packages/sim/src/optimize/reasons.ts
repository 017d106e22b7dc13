/** Explains a plan in sentences: what binds, how close the objective is, what it costs. */
import { nativeWeights } from '../memory/precision.ts'
import { predictionSpread } from '../predict/replica-estimate.ts'
import { acceptanceOf, acceptedTokens } from '../predict/speculation.ts'
import { describePrice, describeRental } from '../price/instance-prices.ts'
import type { Speculative } from '../settings.ts'
import type { Evaluated, ObjectiveUse } from './evaluate.ts'
import type { ResolvedRequest } from './optimize-request.ts'

const names: Readonly<Record<ObjectiveUse['name'], { readonly text: string; readonly unit: string }>> = {
  timeToFirstTokenMs: { text: 'time to first token', unit: 'ms' },
  timePerOutputTokenMs: { text: 'time per output token', unit: 'ms' },
  endToEndMs: { text: 'end-to-end latency', unit: 'ms' },
  outputTokensPerSecond: { text: 'output throughput', unit: 'tokens/s' },
}

const bounds: Readonly<Record<Evaluated['estimate']['bound'], string>> = {
  memory: 'reading weights and cache from memory',
  compute: 'arithmetic',
  communication: 'communication between devices',
  overhead: 'launch and scheduling overhead',
}

const round = (value: number) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value >= 0.1 ? value.toFixed(2) : String(Number(value.toPrecision(2)))

/** One bound in words: met with room, or missed by how much. */
export function describeUse(use: ObjectiveUse): string {
  const { text, unit } = names[use.name]
  const missed = use.ratio > 10 ? 'misses by more than 10 times' : `misses by ${((use.ratio - 1) * 100).toFixed(0)} %`
  if (use.name === 'outputTokensPerSecond') {
    const share = Math.round((use.value / use.limit - 1) * 100)
    return `${text} of ${round(use.value)} ${unit} ${share >= 0 ? `exceeds the ${round(use.limit)} ${unit} that are asked for by ${String(share)} %` : `falls ${String(-share)} % short of the ${round(use.limit)} ${unit} that are asked for`}`
  }
  const relation = use.ratio <= 1 ? `uses ${(use.ratio * 100).toFixed(0)} % of` : missed
  return `${text} of ${round(use.value)} ${unit} ${relation} the limit of ${round(use.limit)} ${unit}`
}

/** The bound that is nearest to being missed, or missed most. */
export const tightestUse = (evaluated: Evaluated): ObjectiveUse | undefined =>
  [...evaluated.uses].sort((left, right) => right.ratio - left.ratio)[0]

/** The requests that find no place in a batch, in words. */
export function describeQueue({ estimate, replicas }: Evaluated): string {
  const whole = (value: number) => Math.ceil(value * replicas).toLocaleString('en-US')
  return `${replicas === 1 ? 'The replica runs' : `The ${String(replicas)} replicas run`} ${whole(estimate.running)} requests at once, ${whole(estimate.waiting)} more wait for a place: the load is more than this takes; add devices or offer less.`
}

/** Why an objective is missed; undefined when it is met, or when there is none. */
export function describeMiss(request: ResolvedRequest, evaluated: Evaluated): string | undefined {
  if (evaluated.meetsObjective || request.objective === undefined) return undefined
  const tightest = tightestUse(evaluated)
  return tightest !== undefined && tightest.ratio > 1 ? describeUse(tightest) : describeQueue(evaluated)
}

function batchSentence({ estimate, candidate }: Evaluated): string {
  const running = estimate.running < 1 ? 'less than one' : String(Math.round(estimate.running))
  switch (estimate.batchLimit) {
    case 'load':
      return `Each replica has ${running} requests in flight; the load sets the batch, neither the cache nor the batch limit binds.`
    case 'kv-cache':
      return `The KV cache binds: it holds ${running} requests at once in each replica, ${String(Math.ceil(estimate.waiting))} more wait.`
    case 'max-sequences':
      return `The batch limit of ${String(candidate.settings.maxSequences)} binds: ${String(Math.ceil(estimate.waiting))} requests wait in each replica.`
  }
}

function conversionSentence(request: ResolvedRequest, { candidate: { engine, settings } }: Evaluated): readonly string[] {
  const native = nativeWeights(request.model)
  const change = settings.weights === native ? '' : `from ${native} to ${settings.weights}; check the quality of the answers`
  if (engine.checkpoint === 'gguf')
    return [
      `It assumes converted weights: a GGUF repository beside the model's own, which may not exist${change === '' ? '' : `; ${change}`}.`,
    ]
  return change === '' ? [] : [`It assumes converted weights: ${change}.`]
}

function speculationSentence(speculative: Speculative): string {
  const assumed = speculative.acceptance === undefined ? 'is assumed for the method, not measured on your prompts' : 'is yours'
  return `Speculative decoding (${speculative.method}) guesses ${String(speculative.tokens)} tokens a step and so yields ${acceptedTokens(speculative).toFixed(2)}; its acceptance of ${acceptanceOf(speculative).toFixed(2)} ${assumed}.`
}

/** Sentences for people, the most important first. */
export function explainPlan(request: ResolvedRequest, evaluated: Evaluated): readonly string[] {
  const { candidate, replica, replicas, devices, estimate } = evaluated
  const { fit } = replica
  const { settings, pool } = candidate
  const percent = (bytes: number) => ((bytes / fit.capacityBytes) * 100).toFixed(0)
  const reasons = [
    ...conversionSentence(request, evaluated),
    ...(estimate.waiting > 0 ? [describeQueue(evaluated)] : []),
    `${String(devices)} of ${String(pool.available)} ${pool.hardware.name}: ${String(replicas)} replica${replicas === 1 ? '' : 's'} of ${String(devices / replicas)}.`,
    `Weights take ${percent(fit.weightsBytes)} % of each device, the KV cache may take ${percent(fit.kvCacheBytes)} % (${String(Math.round(fit.cacheTokens))} tokens).`,
    batchSentence(evaluated),
    `Most of a decode step goes to ${bounds[estimate.bound]}.`,
  ]
  const tightest = tightestUse(evaluated)
  if (tightest !== undefined) {
    reasons.push(`Tightest bound: ${describeUse(tightest)}.`)
    const spread = tightest.name === 'timeToFirstTokenMs' ? predictionSpread.timeToFirstToken : predictionSpread.timePerOutputToken
    if (tightest.ratio <= 1)
      reasons.push(
        tightest.ratio * spread.high <= 1
          ? 'It still holds at the pessimistic end of the prediction.'
          : 'At the pessimistic end of the prediction it would be missed: measure before relying on it.',
      )
  }
  if (settings.kvCache === 'fp8' && request.model.quantization?.kvCache !== 'fp8')
    reasons.push('The KV cache is kept in 8 bits, which doubles its room and may change answers slightly.')
  if (settings.speculative !== undefined) reasons.push(speculationSentence(settings.speculative))
  if (settings.pipeline > 1) reasons.push(`The layers are split over ${String(settings.pipeline)} nodes because one node is not enough.`)
  if (evaluated.usdPerHour === undefined)
    reasons.push(
      pool.market !== undefined && pool.usdPerHour !== undefined
        ? 'No cost: no instance with a known price holds as many devices; give usdPerHour.'
        : 'No cost: a device has no price; give usdPerHour.',
    )
  if (evaluated.rental !== undefined) reasons.push(describeRental(evaluated.rental))
  if (pool.listPrice !== undefined) reasons.push(describePrice(pool.listPrice))
  return [...reasons, ...request.model.unmodelled.map((note) => `Not modelled: ${note}.`)]
}
