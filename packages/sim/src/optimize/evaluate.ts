/** Judges one candidate: can it run, how many replicas does it take, what does it reach. */
import type { LatencyObjective } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'
import { nativeWeights } from '../memory/precision.ts'
import { prepareReplica, type PreparedReplica } from '../predict/replica-estimate.ts'
import { predictReplica, type ReplicaPrediction } from '../predict/predict-replica.ts'
import type { ServingEstimate } from '../predict/serving-estimate.ts'
import { devicesOf } from '../settings.ts'
import type { Rental } from '../price/instance-prices.ts'
import type { Candidate } from './candidates.ts'
import { costOfReplicas } from './device-pool.ts'
import type { ResolvedRequest } from './optimize-request.ts'

/** One bound of the objective and how much of it is used: above 1 it is missed. */
export interface ObjectiveUse {
  readonly name: keyof LatencyObjective
  readonly limit: number
  readonly value: number
  readonly ratio: number
}

export interface Evaluated {
  readonly candidate: Candidate
  readonly replica: PreparedReplica
  readonly estimate: ServingEstimate
  readonly prediction: ReplicaPrediction['prediction']
  readonly replicas: number
  readonly devices: number
  /** Of all replicas. */
  readonly outputTokensPerSecond: number
  readonly uses: readonly ObjectiveUse[]
  readonly meetsObjective: boolean
  readonly usdPerHour: number | undefined
  /** The instances whose price that is, when it is of the package's table. */
  readonly rental: Rental | undefined
  readonly usdPerMillionOutputTokens: number | undefined
}

/**
 * Whether a plan relies on weights that nobody asked for and that the model's repository does not hold: others than its own precision, or a
 * GGUF conversion of a repository whose name is assumed.
 */
export function assumesConvertedWeights(request: ResolvedRequest, { engine, settings }: Candidate): boolean {
  if (engine.checkpoint === 'gguf') return request.engines === undefined
  return request.precisions === undefined && settings.weights !== nativeWeights(request.model)
}

export type Verdict =
  | { readonly kind: 'runs'; readonly evaluated: Evaluated }
  | { readonly kind: 'rejected'; readonly why: 'unsupported' | 'does-not-fit' | 'overloaded'; readonly reason: string }

const GB = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`

/** What an objective speaks of. */
export type LatencyEstimate = Pick<ServingEstimate, 'timeToFirstTokenSeconds' | 'timePerOutputTokenSeconds' | 'endToEndSeconds'>

export function useOf(objective: LatencyObjective | undefined, estimate: LatencyEstimate, throughput: number): readonly ObjectiveUse[] {
  if (objective === undefined) return []
  const uses: ObjectiveUse[] = []
  const latency = (name: 'timeToFirstTokenMs' | 'timePerOutputTokenMs' | 'endToEndMs', value: number) => {
    const limit = objective[name]
    if (limit !== undefined) uses.push({ name, limit, value, ratio: value / limit })
  }
  latency('timeToFirstTokenMs', estimate.timeToFirstTokenSeconds * 1000)
  latency('timePerOutputTokenMs', estimate.timePerOutputTokenSeconds * 1000)
  latency('endToEndMs', estimate.endToEndSeconds * 1000)
  const floor = objective.outputTokensPerSecond
  if (floor !== undefined) uses.push({ name: 'outputTokensPerSecond', limit: floor, value: throughput, ratio: floor / throughput })
  return uses
}

/** The candidate with a fixed number of replicas; undefined when they cannot keep up. */
export function evaluateReplicas(
  request: ResolvedRequest,
  candidate: Candidate,
  replica: PreparedReplica,
  replicas: number,
): Evaluated | undefined {
  const { workload, corrections } = request
  const predicted = predictReplica(
    replica,
    {
      ...workload,
      ...(workload.concurrency === undefined ? {} : { concurrency: Math.ceil(workload.concurrency / replicas) }),
      ...(workload.requestsPerSecond === undefined ? {} : { requestsPerSecond: workload.requestsPerSecond / replicas }),
    },
    corrections,
  )
  if (predicted === undefined) return undefined
  const { estimate, prediction } = predicted
  const devices = replicas * devicesOf(candidate.settings)
  const outputTokensPerSecond =
    workload.requestsPerSecond === undefined
      ? // Little's law: replicas with one request less than the fullest add no tokens for it.
        ((workload.concurrency ?? replicas) * workload.outputTokens) / estimate.endToEndSeconds
      : Math.min(estimate.outputTokensPerSecond * replicas, workload.requestsPerSecond * workload.outputTokens)
  const uses = useOf(request.objective, estimate, outputTokensPerSecond)
  const { usdPerHour, rental } = costOfReplicas(candidate.pool, candidate.settings, replicas)
  return {
    candidate,
    replica,
    estimate,
    prediction,
    replicas,
    devices,
    outputTokensPerSecond,
    uses,
    // Requests that wait for a place make a queue that a real load lets grow.
    meetsObjective: uses.every(({ ratio }) => ratio <= 1) && (request.objective === undefined || estimate.waiting === 0),
    usdPerHour,
    rental,
    usdPerMillionOutputTokens: usdPerHour === undefined ? undefined : (usdPerHour / (outputTokensPerSecond * 3600)) * 1e6,
  }
}

/** More replicas than requests in flight would stand idle. */
const replicaLimit = (request: ResolvedRequest, candidate: Candidate) =>
  Math.min(candidate.replicasMax, request.workload.concurrency ?? candidate.replicasMax)

/** The replica counts to look at: all small ones, then steps of about a fifth. */
export function* replicaCounts(limit: number): Generator<number> {
  for (let count = 1; count < limit; count = count < 8 ? count + 1 : Math.ceil(count * 1.2)) yield count
  yield limit
}

/** How many times the worst bound is exceeded; 1 when none is. */
export const missOf = ({ uses }: Evaluated): number => Math.max(1, ...uses.map(({ ratio }) => ratio))

/** How long requests take when some wait for a place in the batch, to two digits; 0 when none waits. */
export const queueSecondsOf = ({ estimate }: Evaluated): number =>
  estimate.waiting === 0 ? 0 : Number(estimate.endToEndSeconds.toPrecision(2))

/** Whether more replicas brought something: a smaller miss, or the same one with a shorter queue. */
function isBetter(evaluated: Evaluated, best: Evaluated): boolean {
  const [miss, least] = [missOf(evaluated), missOf(best)]
  return miss < least * 0.999 || (miss <= least && queueSecondsOf(evaluated) < queueSecondsOf(best))
}

/** The fewest replicas that meet the objective without a queue; for latency and throughput all that can be used; the best miss when none does. */
function chooseReplicas(request: ResolvedRequest, candidate: Candidate, replica: PreparedReplica): Evaluated | undefined {
  const limit = replicaLimit(request, candidate)
  if (request.goal !== 'cost') {
    const all = evaluateReplicas(request, candidate, replica, limit)
    if (all !== undefined) return all
  }
  let best: Evaluated | undefined
  for (const count of replicaCounts(limit)) {
    const evaluated = evaluateReplicas(request, candidate, replica, count)
    if (evaluated === undefined) continue
    if (evaluated.meetsObjective && evaluated.estimate.waiting === 0) return evaluated
    if (best === undefined || isBetter(evaluated, best)) best = evaluated
  }
  return best
}

export function evaluateCandidate(request: ResolvedRequest, candidate: Candidate): Verdict {
  const { engine, settings, pool } = candidate
  const refused = engine.refuse(request.model, settings, pool.hardware)
  if (refused !== undefined) return { kind: 'rejected', why: 'unsupported', reason: refused }
  let replica: PreparedReplica
  try {
    // Of the version whose image and arguments the plan carries: older ones are slower.
    const engineVersion = engine.versionFor(pool.hardware)
    replica = prepareReplica({ model: request.model, hardware: pool.hardware, engineId: engine.id, engineVersion, settings })
  } catch (error) {
    if (simErrors.PREDICTION_UNSUPPORTED.is(error)) return { kind: 'rejected', why: 'unsupported', reason: error.message }
    throw error
  }
  const { fit } = replica
  if (!fit.fits) {
    const fixed = fit.weightsBytes + fit.activationsBytes + fit.overheadBytes
    const reason =
      fixed >= fit.usableBytes
        ? `${GB(fixed)} of weights and buffers on each device are more than the ${GB(fit.usableBytes)} that may be used`
        : `${GB(fit.kvCacheBytes)} of cache beside the weights do not hold one request of ${String(settings.maxModelTokens)} tokens`
    return { kind: 'rejected', why: 'does-not-fit', reason }
  }
  const evaluated = chooseReplicas(request, candidate, replica)
  if (evaluated === undefined)
    return {
      kind: 'rejected',
      why: 'overloaded',
      reason: `even ${String(candidate.replicasMax)} replicas answer less than ${String(request.workload.requestsPerSecond ?? 0)} requests a second`,
    }
  return { kind: 'runs', evaluated }
}
