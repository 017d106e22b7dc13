/** Ranks deployments of a model on given devices, and says what the choice is between. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { loadShippedCorrections, type Corrections } from '../correct/corrections.ts'
import { simErrors } from '../errors.ts'
import type { CombinedPlan, RankedCombination } from './combined-plan.ts'
import { toDeploymentPlan } from './deployment-plans.ts'
import type { DevicePool } from './device-pool.ts'
import { resolveOptimizeRequest, type OptimizeRequest, type ResolvedRequest } from './optimize-request.ts'
import { paretoFront, type FrontPoint } from './pareto.ts'
import { describeMiss } from './reasons.ts'
import { search, type Rejection, type SearchOptions } from './search.ts'
import { suggestHardware } from './suggestions.ts'
import { summarize, summarizeCombinations } from './summary.ts'

export interface OptimizeResult {
  /** Best first. All meet the objective, unless none does: then the nearest misses, each marked so. */
  readonly plans: readonly DeploymentPlan[]
  /** Deployments of two kinds of replicas, best first: prefill and decode apart, or one load on two kinds of hardware. */
  readonly combined: readonly CombinedPlan[]
  readonly rejected: readonly Rejection[]
  readonly examined: number
  /** Whether every configuration was looked at, or those that an evolution came by. */
  readonly method: 'exhaustive' | 'evolutionary'
  readonly feasible: number
  /** What can be chosen between: nothing here is beaten in cost, latency and throughput at once. Cheapest first. */
  readonly front: readonly FrontPoint[]
  /** The answer in words. */
  readonly summary: readonly string[]
}

export interface OptimizeOptions extends SearchOptions {
  /** Absent: those that the package ships. */
  readonly corrections?: Corrections | undefined
}

/** The best of each kind, best first. */
function offerCombinations(combinations: readonly RankedCombination[], plans: number): readonly CombinedPlan[] {
  const left = { disaggregated: Math.ceil(plans / 2), mixed: Math.ceil(plans / 2) }
  return combinations.filter(({ kind }) => (left[kind] -= 1) >= 0).map(({ combined }) => combined())
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

/**
 * Ranks deployment plans for a model on the devices given. Exhaustive where the space is small, NSGA-II where it is large; yields to the event loop every few milliseconds.
 * @throws SIM_REQUEST_INVALID, SIM_MODEL_UNKNOWN, SIM_HARDWARE_UNKNOWN, SIM_ENGINE_UNKNOWN; SIM_MODEL_DOES_NOT_FIT saying what would fit;
 * SIM_NOTHING_RUNS; CORE_ABORTED when the signal aborts.
 */
export async function optimize(input: OptimizeRequest, options: OptimizeOptions = {}): Promise<OptimizeResult> {
  const request = resolveOptimizeRequest(input, options.corrections ?? (await loadShippedCorrections()))
  const { ranked, combinations, method, pools, rejections, examined, feasible } = await search(request, options)
  const meeting = ranked.filter((evaluated) => evaluated.meetsObjective)
  if (ranked.length === 0) throw failure(request, pools, rejections.list())
  const offered = meeting.length > 0 ? meeting : ranked
  if (meeting.length > 0)
    for (const evaluated of ranked) {
      if (rejections.full) break
      const missed = describeMiss(request, evaluated)
      if (missed !== undefined) rejections.add(evaluated.candidate, 'misses-objective', missed)
    }
  options.onProgress?.({ examined, feasible })
  return {
    plans: offered.slice(0, request.plans).map((evaluated, index) => toDeploymentPlan(request, evaluated, index + 1)),
    combined: offerCombinations(combinations, request.plans),
    rejected: rejections.list(),
    examined,
    method,
    feasible,
    front: paretoFront(offered),
    summary: [...summarize(request, offered, meeting.length > 0), ...summarizeCombinations(request, offered[0], combinations)],
  }
}
