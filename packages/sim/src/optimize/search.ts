/** Looks at every candidate, a few milliseconds at a time, and keeps the best of each family. */
import { type Clock, coreErrors, createSeededRandom, systemClock } from '@bud-foundry/core'
import { findEngine, listEngines } from '../engine/engine-registry.ts'
import type { ServingEngine } from '../engine/serving-engine.ts'
import { parseHardware } from '../hardware/own-hardware.ts'
import { limits } from '../limits.ts'
import { nativeWeights } from '../memory/precision.ts'
import { enumerateCandidates, type Candidate } from './candidates.ts'
import type { RankedCombination } from './combined-plan.ts'
import { createDevicePools, type DevicePool } from './device-pool.ts'
import { searchDisaggregated } from './disaggregated-search.ts'
import { assumesConvertedWeights, evaluateCandidate, missOf, queueSecondsOf, type Evaluated, type Verdict } from './evaluate.ts'
import { searchMixed } from './mixed-search.ts'
import { evolve, type Fitness } from './nsga2.ts'
import type { ResolvedRequest } from './optimize-request.ts'
import { candidateAt, describeWideSpace, enumerateWideSpace } from './wide-space.ts'

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

export interface SearchOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: OptimizeProgress) => void) | undefined
  readonly clock?: Clock | undefined
}

export interface SearchResult {
  /** The best of each family, best first. */
  readonly ranked: readonly Evaluated[]
  /** Two kinds of replicas at once: prefill and decode apart, or two kinds of hardware. Best first. */
  readonly combinations: readonly RankedCombination[]
  /** Whether every configuration was looked at, or those that an evolution came by. */
  readonly method: 'exhaustive' | 'evolutionary'
  readonly pools: readonly DevicePool[]
  readonly rejections: Rejections
  readonly examined: number
  readonly feasible: number
}

/** Lower is better. Without prices, devices stand in for cost. */
function scoreOf(request: ResolvedRequest, evaluated: Evaluated, priced: boolean): readonly number[] {
  // Converting weights or the cache costs quality, so it has to bring something.
  const converted =
    (evaluated.candidate.settings.weights === nativeWeights(request.model) ? 0 : 1) +
    (evaluated.candidate.settings.kvCache === 'bf16' ? 0 : 1)
  // What no known instance can hold comes after everything that has a price.
  const cost = priced ? (evaluated.usdPerHour ?? Infinity) : evaluated.devices
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
    settings.speculative === undefined ? '' : `${settings.speculative.method}-${String(settings.speculative.tokens)}`,
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

export class Rejections {
  readonly #seen = new Map<string, Rejection>()
  add(candidate: Candidate, kind: Rejection['kind'], reason: string): void {
    const described = describeCandidate(candidate)
    const key = [...Object.values(described), kind].join()
    if (this.#seen.size < limits.rejections && !this.#seen.has(key)) this.#seen.set(key, { ...described, kind, reason })
  }
  get full(): boolean {
    return this.#seen.size >= limits.rejections
  }
  list(): readonly Rejection[] {
    return [...this.#seen.values()]
  }
}

/** Lower is better, as `scoreOf` has it. */
function scoreCombination(request: ResolvedRequest, one: RankedCombination, priced: boolean): readonly number[] {
  const miss = Math.max(1, ...one.uses.map(({ ratio }) => ratio))
  const cost = priced ? (one.usdPerHour ?? Infinity) : one.devices
  const waits = one.meetsObjective ? 0 : 1
  switch (request.goal) {
    case 'cost':
      return [miss, waits, cost, one.endToEndSeconds]
    case 'latency':
      return [miss, waits, Number(one.endToEndSeconds.toPrecision(2)), cost]
    case 'throughput':
      return [miss, waits, -Number(one.outputTokensPerSecond.toPrecision(2)), cost]
  }
}

async function searchCombinations(options: {
  readonly request: ResolvedRequest
  readonly ranked: readonly Evaluated[]
  readonly pools: readonly DevicePool[]
  readonly pause: () => Promise<void>
}): Promise<{ readonly found: readonly RankedCombination[]; readonly examined: number }> {
  const { request, ranked, pools, pause } = options
  const engines = request.engines?.map(findEngine) ?? listEngines()
  const nothing = { found: [], examined: 0 }
  const priced = pools.every((pool) => pool.usdPerHour !== undefined)
  const compare = (left: RankedCombination, right: RankedCombination) =>
    compareScores(scoreCombination(request, left, priced), scoreCombination(request, right, priced))
  const apart = request.serving === 'aggregated' ? nothing : await searchDisaggregated({ request, pools, engines, pause, compare })
  const mixed = request.serving === 'disaggregated' || pools.length < 2 ? nothing : await searchMixed(request, ranked, pause)
  const found = [...apart.found, ...mixed.found]
  const scores = new Map(found.map((one) => [one, scoreCombination(request, one, priced)]))
  found.sort((left, right) => compareScores(scores.get(left) ?? [], scores.get(right) ?? []))
  return { found, examined: apart.examined + mixed.examined }
}

interface SpaceSearch {
  readonly request: ResolvedRequest
  readonly pools: readonly DevicePool[]
  /** Absent: all that load the model's own repository, and others where none of them runs. */
  readonly engines: readonly ServingEngine[] | undefined
  readonly consider: (candidate: Candidate) => Promise<Verdict>
}

async function searchUsual({ request, pools, engines, consider }: SpaceSearch): Promise<'exhaustive'> {
  let examined = 0
  for (const pool of pools) {
    let supported = false
    for (const engine of engines ?? listEngines()) {
      // What needs a conversion of the checkpoint is only looked at where nothing else runs.
      if (engines === undefined && engine.checkpoint === 'gguf' && supported) continue
      for (const candidate of enumerateCandidates(request, pool, engine)) {
        if (examined >= limits.candidates) break
        examined += 1
        const verdict = await consider(candidate)
        if (verdict.kind === 'runs' || verdict.why !== 'unsupported') supported = true
      }
    }
  }
  return 'exhaustive'
}

/** How far a verdict is from being allowed; what cannot run is further than what only misses. */
function toFitness(verdict: Verdict, priced: boolean): Fitness {
  if (verdict.kind === 'rejected')
    return { violation: { overloaded: 1e3, 'does-not-fit': 1e4, unsupported: 1e5 }[verdict.why], objectives: [0, 0, 0] }
  const { evaluated } = verdict
  const { estimate } = evaluated
  const cost = priced ? (evaluated.usdPerHour ?? Infinity) : evaluated.devices
  return {
    violation: evaluated.meetsObjective ? 0 : missOf(evaluated) - 1 + (estimate.waiting > 0 ? 0.01 : 0),
    objectives: [cost, estimate.endToEndSeconds, -evaluated.outputTokensPerSecond],
  }
}

/** All of the space where it is small, else what NSGA-II comes by; a seed makes it the same every time. */
async function searchWide(options: SpaceSearch & { readonly priced: boolean }): Promise<'exhaustive' | 'evolutionary'> {
  const { request, pools, priced, consider } = options
  const engines = options.engines ?? listEngines().filter(({ checkpoint }) => checkpoint === 'own')
  const space = describeWideSpace(request, pools, engines)
  if (space.branches.length === 0) return 'exhaustive'
  const whole = request.search === 'exhaustive' || (request.search === 'auto' && space.size <= limits.exhaustiveCandidates)
  if (whole) {
    let examined = 0
    for (const candidate of enumerateWideSpace(request, space)) {
      if (examined >= limits.candidates) break
      examined += 1
      await consider(candidate)
    }
    return 'exhaustive'
  }
  await evolve({
    cardinalities: space.cardinalities,
    random: createSeededRandom(1),
    evaluate: async (genome) => {
      const candidate = candidateAt(request, space, genome)
      return candidate === undefined ? { violation: Infinity, objectives: [0, 0, 0] } : toFitness(await consider(candidate), priced)
    },
  })
  return 'evolutionary'
}

/** @throws SIM_HARDWARE_UNKNOWN, SIM_ENGINE_UNKNOWN; CORE_ABORTED when the signal aborts. */
export async function search(request: ResolvedRequest, options: SearchOptions): Promise<SearchResult> {
  const { signal, onProgress, clock = systemClock } = options
  const engines = request.engines?.map(findEngine)
  const pools = createDevicePools(
    request.devices,
    request.market,
    request.hardware?.map((profile) => parseHardware(profile)),
  )
  const best = new Map<string, Evaluated>()
  const rejections = new Rejections()
  const priced = pools.every((pool) => pool.usdPerHour !== undefined)
  const compare = (left: Evaluated, right: Evaluated) => compareScores(scoreOf(request, left, priced), scoreOf(request, right, priced))
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
  const consider = async (candidate: Candidate): Promise<Verdict> => {
    await pause()
    examined += 1
    const verdict = evaluateCandidate(request, candidate)
    if (verdict.kind === 'rejected') {
      rejections.add(candidate, verdict.why, verdict.reason)
      return verdict
    }
    feasible += 1
    const family = familyOf(verdict.evaluated)
    const known = best.get(family)
    if (known === undefined || compare(verdict.evaluated, known) < 0) best.set(family, verdict.evaluated)
    return verdict
  }
  const method =
    request.space === 'wide'
      ? await searchWide({ request, pools, engines, priced, consider })
      : await searchUsual({ request, pools, engines, consider })
  const scores = new Map([...best.values()].map((evaluated) => [evaluated, scoreOf(request, evaluated, priced)]))
  const ranked = [...scores.keys()].sort((left, right) => compareScores(scores.get(left) ?? [], scores.get(right) ?? []))
  await pause()
  const combinations = await searchCombinations({ request, ranked, pools, pause })
  return {
    ranked,
    method,
    combinations: combinations.found,
    pools,
    rejections,
    examined: examined + combinations.examined,
    feasible: feasible + combinations.found.length,
  }
}
