/** Deployments of two kinds of replicas: prefill and decode apart, or one load on two kinds of hardware. */
import type { DeploymentPlan, Interval } from '@bud-foundry/core'
import type { DisaggregatedEstimate, DisaggregatedPair } from '../disaggregate/disaggregated-estimate.ts'
import { predictionSpread } from '../predict/replica-estimate.ts'
import type { ServingEstimate } from '../predict/serving-estimate.ts'
import type { Candidate } from './candidates.ts'
import { toDeploymentPlan } from './deployment-plans.ts'
import { costOfReplicas } from './device-pool.ts'
import type { Evaluated, ObjectiveUse } from './evaluate.ts'
import type { ResolvedRequest } from './optimize-request.ts'
import { describeUse } from './reasons.ts'

/** One node group of a combined deployment: a plan of its own that carries a share of the load. */
export interface CombinedPart {
  readonly role: 'prefill' | 'decode' | 'aggregated'
  /** Of the requests, 0 to 1; prefill and decode both see all. */
  readonly share: number
  readonly plan: DeploymentPlan
}

export interface CombinedPlan {
  readonly kind: 'disaggregated' | 'mixed'
  readonly parts: readonly CombinedPart[]
  readonly devices: number
  /** Of the whole; latencies of a mixed plan are those of its slower part. */
  readonly predicted: DeploymentPlan['predicted']
  readonly cost?: DeploymentPlan['cost']
  /** Of a disaggregated plan: what one prompt's cache is, and how long it is on its way. */
  readonly transfer?: {
    readonly bytesPerDevice: number
    readonly milliseconds: number
    readonly link: string
    readonly bandwidthBytesPerSecond: number
  }
  readonly reasons: readonly string[]
}

/** A combination with what ranks it. */
export interface RankedCombination {
  readonly kind: CombinedPlan['kind']
  readonly combined: () => CombinedPlan
  readonly devices: number
  readonly usdPerHour: number | undefined
  readonly endToEndSeconds: number
  readonly outputTokensPerSecond: number
  readonly uses: readonly ObjectiveUse[]
  readonly meetsObjective: boolean
}

const around = (mid: number, { low, high }: { readonly low: number; readonly high: number }): Interval => ({
  low: mid * low,
  mid,
  high: mid * high,
})

const costOf = (usdPerHour: number | undefined, tokensPerSecond: number): DeploymentPlan['cost'] =>
  usdPerHour === undefined ? undefined : { usdPerHour, usdPerMillionOutputTokens: (usdPerHour / (tokensPerSecond * 3600)) * 1e6 }

export interface DisaggregatedChoice {
  readonly pair: DisaggregatedPair
  readonly estimate: DisaggregatedEstimate
  readonly prefill: Candidate
  readonly decode: Candidate
  readonly counts: { readonly prefill: number; readonly decode: number }
  readonly uses: readonly ObjectiveUse[]
  readonly meetsObjective: boolean
  readonly usdPerHour: number | undefined
  readonly devices: { readonly prefill: number; readonly decode: number }
}

/** The prediction of the whole, which each part repeats; nothing that works apart was measured here, so it is analytical. */
function predictionOf({ estimate, meetsObjective }: DisaggregatedChoice): DeploymentPlan['predicted'] {
  const { timeToFirstToken, timePerOutputToken } = predictionSpread
  const share = estimate.timeToFirstTokenSeconds / estimate.endToEndSeconds
  const whole = {
    low: share * timeToFirstToken.low + (1 - share) * timePerOutputToken.low,
    high: share * timeToFirstToken.high + (1 - share) * timePerOutputToken.high,
  }
  return {
    timeToFirstTokenMs: around(estimate.timeToFirstTokenSeconds * 1000, timeToFirstToken),
    timePerOutputTokenMs: around(estimate.timePerOutputTokenSeconds * 1000, timePerOutputToken),
    endToEndMs: around(estimate.endToEndSeconds * 1000, whole),
    outputTokensPerSecond: around(estimate.outputTokensPerSecond, { low: 1 / whole.high, high: 1 / whole.low }),
    basis: 'analytical',
    meetsObjective,
  }
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`

/** One role as the plan that cluster carries out: the engine's own arguments for the role are added to the launch. */
function partOf(request: ResolvedRequest, choice: DisaggregatedChoice, role: 'prefill' | 'decode', rank: number): CombinedPart {
  const { pair, estimate } = choice
  const candidate = choice[role]
  const replica = pair[role]
  const predicted = predictionOf(choice)
  const standIn: ServingEstimate = {
    ...estimate,
    bound: 'memory',
    batchLimit: 'load',
    parts: { decodeStep: replica.step(stepOf(pair, estimate)), promptSeconds: pair.promptSeconds, marginalPromptSeconds: 0 },
  }
  const { usdPerHour, rental } = costOfReplicas(candidate.pool, candidate.settings, choice.counts[role])
  const devices = choice.devices[role]
  const evaluated: Evaluated = {
    candidate,
    replica,
    estimate: standIn,
    prediction: predicted,
    replicas: choice.counts[role],
    devices,
    outputTokensPerSecond: estimate.outputTokensPerSecond,
    uses: choice.uses,
    meetsObjective: choice.meetsObjective,
    usdPerHour,
    rental,
    usdPerMillionOutputTokens: usdPerHour === undefined ? undefined : (usdPerHour / (estimate.outputTokensPerSecond * 3600)) * 1e6,
  }
  const plan = toDeploymentPlan(request, evaluated, `${role}-${String(rank)}`)
  const extra = candidate.engine.disaggregate?.(role) ?? {}
  const flags = Object.entries(extra).flatMap(([name, value]) => (value === true ? [`--${name}`] : [`--${name}`, String(value)]))
  const use = role === 'prefill' ? estimate.prefillUse : estimate.decodeUse
  return {
    role,
    share: 1,
    plan: {
      ...plan,
      settings: { ...plan.settings, ...extra },
      launch: { ...plan.launch, args: [...plan.launch.args, ...flags] },
      predicted,
      reasons: [
        role === 'prefill'
          ? `${String(choice.counts.prefill)} replicas compute prompts only and are busy ${percent(use)} of the time.`
          : `${String(choice.counts.decode)} replicas go on with what others computed; each runs ${estimate.running.toFixed(1)} of ${Math.floor(pair.sequencesMax).toFixed(0)} sequences.`,
        'A router that sends each request to both kinds is needed in front (NVIDIA Dynamo, llm-d or the proxy that the engine brings).',
      ],
    },
  }
}

const stepOf = (pair: DisaggregatedPair, estimate: DisaggregatedEstimate) => ({
  promptTokens: 0,
  prompts: 0,
  promptContextTokens: 0,
  decodeSequences: Math.max(1, estimate.running),
  decodeContextTokens: pair.workload.inputTokens + pair.workload.outputTokens / 2,
})

function tightest(uses: readonly ObjectiveUse[]): readonly string[] {
  const [first] = [...uses].sort((left, right) => right.ratio - left.ratio)
  return first === undefined ? [] : [`Tightest bound: ${describeUse(first)}.`]
}

/** The whole, with both parts. */
export function toDisaggregatedPlan(request: ResolvedRequest, choice: DisaggregatedChoice, rank: number): CombinedPlan {
  const { estimate, pair } = choice
  const cost = costOf(choice.usdPerHour, estimate.outputTokensPerSecond)
  const { transfer } = pair
  const limits = { load: 'the load', prefill: 'computing prompts', decode: 'decoding' } as const
  return {
    kind: 'disaggregated',
    parts: [partOf(request, choice, 'prefill', rank), partOf(request, choice, 'decode', rank)],
    devices: choice.devices.prefill + choice.devices.decode,
    predicted: predictionOf(choice),
    ...(cost === undefined ? {} : { cost }),
    transfer: {
      bytesPerDevice: transfer.bytesPerDevice,
      milliseconds: transfer.seconds * 1000,
      link: transfer.link,
      bandwidthBytesPerSecond: transfer.bandwidthBytesPerSecond,
    },
    reasons: [
      `${String(choice.counts.prefill)} prefill and ${String(choice.counts.decode)} decode replicas; what limits them is ${limits[estimate.limit]}.`,
      ...tightest(choice.uses),
      `A prompt's cache is ${(transfer.bytesPerDevice / 1e6).toFixed(0)} MB for each device and takes ${(transfer.seconds * 1000).toFixed(1)} ms over ${transfer.link} (${(transfer.bandwidthBytesPerSecond / 1e9).toFixed(1)} GB/s).`,
      'Serving apart is predicted from formulas alone: measure before relying on it.',
    ],
  }
}

/** One load on two kinds of hardware: each part meets the objective for its share. */
export function toMixedPlan(
  request: ResolvedRequest,
  parts: readonly { readonly evaluated: Evaluated; readonly share: number; readonly request: ResolvedRequest }[],
  rank: number,
): CombinedPlan {
  const plans = parts.map(({ evaluated, share, request: own }, index) => ({
    role: 'aggregated' as const,
    share,
    plan: toDeploymentPlan(own, evaluated, `mix-${String(rank)}-${String(index + 1)}`),
  }))
  const worst = (name: 'timeToFirstTokenMs' | 'timePerOutputTokenMs' | 'endToEndMs'): Interval =>
    plans.map(({ plan }) => plan.predicted[name]).reduce((left, right) => (right.mid > left.mid ? right : left))
  const sum = (end: keyof Interval) => plans.reduce((total, { plan }) => total + plan.predicted.outputTokensPerSecond[end], 0)
  const prices = parts.map(({ evaluated }) => evaluated.usdPerHour)
  const cost = prices.some((price) => price === undefined)
    ? undefined
    : costOf(
        prices.reduce<number>((total, price) => total + (price ?? 0), 0),
        sum('mid'),
      )
  return {
    kind: 'mixed',
    parts: plans,
    devices: parts.reduce((total, { evaluated }) => total + evaluated.devices, 0),
    predicted: {
      timeToFirstTokenMs: worst('timeToFirstTokenMs'),
      timePerOutputTokenMs: worst('timePerOutputTokenMs'),
      endToEndMs: worst('endToEndMs'),
      outputTokensPerSecond: { low: sum('low'), mid: sum('mid'), high: sum('high') },
      basis: plans.every(({ plan }) => plan.predicted.basis === 'fitted') ? 'fitted' : 'analytical',
      meetsObjective: parts.every(({ evaluated }) => evaluated.meetsObjective),
    },
    ...(cost === undefined ? {} : { cost }),
    reasons: [
      `The load is shared: ${plans.map(({ plan, share }) => `${percent(share)} on ${String(plan.replicas * plan.devicesPerReplica)} ${plan.hardwareId}`).join(', ')}; weight the router so.`,
      ...parts.flatMap(({ evaluated }) => tightest(evaluated.uses).map((line) => `${evaluated.candidate.pool.hardware.id}: ${line}`)),
    ],
  }
}
