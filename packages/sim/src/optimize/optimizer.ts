/** Searches engines, splits and settings for the deployments that meet an objective at the least cost. */
import { type Clock, coreErrors, type DeploymentPlan, systemClock } from '@bud-foundry/core'
import { loadShippedCorrections, type Corrections } from '../correct/corrections.ts'
import { findEngine, listEngines } from '../engine/engine-registry.ts'
import { simErrors } from '../errors.ts'
import { limits } from '../limits.ts'
import { nativeWeights } from '../memory/precision.ts'
import { enumerateCandidates, type Candidate } from './candidates.ts'
import { toDeploymentPlan } from './deployment-plans.ts'
import { createDevicePools, type DevicePool } from './device-pool.ts'
import { assumesConvertedWeights, evaluateCandidate, missOf, queueSecondsOf, type Evaluated } from './evaluate.ts'
import { resolveOptimizeRequest, type OptimizeRequest, type ResolvedRequest } from './optimize-request.ts'
import { describeMiss, describeQueue, describeUse, tightestUse } from './reasons.ts'
import { suggestHardware } from './suggestions.ts'

/** A configuration that is not offered, and why. */
export interface Rejection {
  readonly hardwareId: string
  readonly engineId: string
  readonly tensor: number
  readonly pipeline: number
  readonly weights: string
  readonly kind: 'unsupported' | 'does-not-fit' | 'overloaded' | 'misses-objective'
  readonly reason: string
}

export interface OptimizeProgress {
  readonly examined: number
  readonly feasible: number
}

export interface OptimizeResult {
  /** Best first. All meet the objective, unless none does: then the nearest misses, each marked so. */
  readonly plans: readonly DeploymentPlan[]
  readonly rejected: readonly Rejection[]
  readonly examined: number
  readonly feasible: number
  /** The answer in words. */
  readonly summary: readonly string[]
}

export interface OptimizeOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: OptimizeProgress) => void) | undefined
  readonly clock?: Clock | undefined
  /** Absent: those that the package ships. */
  readonly corrections?: Corrections | undefined
}

/** Lower is better. Without prices, devices stand in for cost. */
function scoreOf(request: ResolvedRequest, evaluated: Evaluated, priced: boolean): readonly number[] {
  // Converting weights or the cache costs quality, so it has to bring something.
  const converted =
    (evaluated.candidate.settings.weights === nativeWeights(request.model) ? 0 : 1) +
    (evaluated.candidate.settings.kvCache === 'bf16' ? 0 : 1)
  const cost = priced && evaluated.usdPerHour !== undefined ? evaluated.usdPerHour : evaluated.devices
  const miss = Number(missOf(evaluated).toFixed(3))
  const queue = queueSecondsOf(evaluated)
  const latency = Number((evaluated.estimate.endToEndSeconds * 1000).toPrecision(2))
  const throughput = -Number(evaluated.outputTokensPerSecond.toPrecision(2))
  const assumed = assumesConvertedWeights(request, evaluated.candidate) ? 1 : 0
  switch (request.goal) {
    case 'cost':
      return [assumed, miss, queue, cost, converted, evaluated.estimate.endToEndSeconds]
    case 'latency':
      return [assumed, miss, queue, latency, cost, converted, evaluated.estimate.endToEndSeconds]
    case 'throughput':
      return [assumed, miss, queue, throughput, cost, converted, -evaluated.outputTokensPerSecond]
  }
}

function compareScores(left: readonly number[], right: readonly number[]): number {
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Settings that only differ in fine tuning are one choice to a person. */
function familyOf({ candidate: { pool, engine, settings } }: Evaluated): string {
  return [
    pool.hardware.id,
    engine.id,
    settings.tensor,
    settings.pipeline,
    settings.data,
    settings.expert,
    settings.weights,
    settings.kvCache,
  ].join()
}

function describeCandidate({ pool, engine, settings }: Candidate): Omit<Rejection, 'kind' | 'reason'> {
  return {
    hardwareId: pool.hardware.id,
    engineId: engine.id,
    tensor: settings.tensor,
    pipeline: settings.pipeline,
    weights: settings.weights,
  }
}

class Rejections {
  readonly #seen = new Map<string, Rejection>()
  add(candidate: Candidate, kind: Rejection['kind'], reason: string): void {
    const described = describeCandidate(candidate)
    const key = [...Object.values(described), kind].join()
    if (this.#seen.size < limits.rejections && !this.#seen.has(key)) this.#seen.set(key, { ...described, kind, reason })
  }
  list(): readonly Rejection[] {
    return [...this.#seen.values()]
  }
}

function failure(request: ResolvedRequest, pools: readonly DevicePool[], rejections: readonly Rejection[]): Error {
  const count = pools.reduce((sum, pool) => sum + pool.available, 0)
  if (count === 0)
    return simErrors.NOTHING_RUNS({
      model: request.model.id,
      reasons: ['no device is free, or all are shared (MIG, time slices), which is not planned yet'],
    })
  const tooSmall = rejections.filter(({ kind }) => kind === 'does-not-fit')
  const reasons = (list: readonly Rejection[]) => [
    ...new Set(list.map(({ hardwareId, engineId, reason }) => `${engineId} on ${hardwareId}: ${reason}`)),
  ]
  if (tooSmall.length === 0) return simErrors.NOTHING_RUNS({ model: request.model.id, reasons: reasons(rejections).slice(0, 10) })
  const given = pools.map((pool) => pool.hardware)
  return simErrors.MODEL_DOES_NOT_FIT({
    model: request.model.id,
    reason: reasons(tooSmall).at(-1) ?? 'too little memory',
    suggestions: suggestHardware(request.model, given, request.maxModelTokens),
  })
}

function summarize(request: ResolvedRequest, ranked: readonly Evaluated[], anyMeets: boolean): readonly string[] {
  const [best, next] = ranked
  if (best === undefined) return []
  const name = ({ candidate, replicas, devices }: Evaluated) =>
    `${String(replicas)} × ${candidate.engine.name} on ${String(devices / replicas)} ${candidate.pool.hardware.id} (${candidate.settings.weights})`
  const cost = (evaluated: Evaluated) =>
    evaluated.usdPerHour === undefined
      ? `${String(evaluated.devices)} device${evaluated.devices === 1 ? '' : 's'}`
      : `$${evaluated.usdPerHour.toFixed(2)} an hour`
  const tightest = tightestUse(best)
  const lines = [
    `${anyMeets || request.objective === undefined ? 'Best' : 'Nothing meets the objective; nearest'}: ${name(best)}, ${cost(best)}.`,
  ]
  if (tightest !== undefined) lines.push(`What binds first: ${describeUse(tightest)}.`)
  if (best.estimate.waiting > 0) lines.push(describeQueue(best))
  if (next !== undefined)
    lines.push(
      `Next: ${name(next)}, ${cost(next)}, ${(next.estimate.endToEndSeconds / best.estimate.endToEndSeconds).toFixed(2)} times the latency.`,
    )
  return lines
}

/**
 * Ranks deployment plans for a model on the devices given. Exhaustive; yields to the event loop every few milliseconds.
 * @throws SIM_REQUEST_INVALID, SIM_MODEL_UNKNOWN, SIM_HARDWARE_UNKNOWN, SIM_ENGINE_UNKNOWN; SIM_MODEL_DOES_NOT_FIT saying what would fit;
 * SIM_NOTHING_RUNS; CORE_ABORTED when the signal aborts.
 */
export async function optimize(input: OptimizeRequest, options: OptimizeOptions = {}): Promise<OptimizeResult> {
  const { signal, onProgress, clock = systemClock } = options
  const request = resolveOptimizeRequest(input, options.corrections ?? (await loadShippedCorrections()))
  const engines = request.engines?.map(findEngine)
  const pools = createDevicePools(request.devices)
  const best = new Map<string, Evaluated>()
  const rejections = new Rejections()
  const priced = pools.every((pool) => pool.usdPerHour !== undefined)
  let examined = 0
  let feasible = 0
  let sliceStartMs = clock.monotonicMs()
  const pause = async () => {
    if (signal?.aborted === true) throw coreErrors.ABORTED({ what: 'optimize' }, { cause: signal.reason })
    if (clock.monotonicMs() - sliceStartMs < limits.optimizeSliceMs) return
    onProgress?.({ examined, feasible })
    await clock.sleep(0, signal)
    sliceStartMs = clock.monotonicMs()
  }
  for (const pool of pools) {
    let supported = false
    for (const engine of engines ?? listEngines()) {
      // What needs a conversion of the checkpoint is only looked at where nothing else runs.
      if (engines === undefined && engine.checkpoint === 'gguf' && supported) continue
      for (const candidate of enumerateCandidates(request, pool, engine)) {
        if (examined >= limits.candidates) break
        await pause()
        examined += 1
        const verdict = evaluateCandidate(request, candidate)
        if (verdict.kind === 'runs' || verdict.why !== 'unsupported') supported = true
        if (verdict.kind === 'rejected') {
          rejections.add(candidate, verdict.why, verdict.reason)
          continue
        }
        feasible += 1
        const family = familyOf(verdict.evaluated)
        const known = best.get(family)
        if (known === undefined || compareScores(scoreOf(request, verdict.evaluated, priced), scoreOf(request, known, priced)) < 0)
          best.set(family, verdict.evaluated)
      }
    }
  }
  const ranked = [...best.values()].sort((left, right) => compareScores(scoreOf(request, left, priced), scoreOf(request, right, priced)))
  const meeting = ranked.filter((evaluated) => evaluated.meetsObjective)
  if (ranked.length === 0) throw failure(request, pools, rejections.list())
  const offered = meeting.length > 0 ? meeting : ranked
  if (meeting.length > 0)
    for (const evaluated of ranked) {
      const missed = describeMiss(request, evaluated)
      if (missed !== undefined) rejections.add(evaluated.candidate, 'misses-objective', missed)
    }
  onProgress?.({ examined, feasible })
  return {
    plans: offered.slice(0, request.plans).map((evaluated, index) => toDeploymentPlan(request, evaluated, index + 1)),
    rejected: rejections.list(),
    examined,
    feasible,
    summary: summarize(request, offered, meeting.length > 0),
  }
}
