/** Finds how many prefill and decode replicas of which split carry a load. */
import type { Precision } from '@bud-foundry/core'
import {
  estimateDisaggregated,
  prepareDisaggregated,
  type Counts,
  type DisaggregatedEstimate,
  type DisaggregatedPair,
} from '../disaggregate/disaggregated-estimate.ts'
import type { ServingEngine } from '../engine/serving-engine.ts'
import { simErrors } from '../errors.ts'
import { prepareReplica, type PreparedReplica } from '../predict/replica-estimate.ts'
import { devicesOf, resolveSettingsFor } from '../settings.ts'
import { listSplits, listWeightFormats, type Candidate, type Split } from './candidates.ts'
import { toDisaggregatedPlan, type DisaggregatedChoice, type RankedCombination } from './combined-plan.ts'
import { costOfReplicas, type DevicePool } from './device-pool.ts'
import { replicaCounts, useOf } from './evaluate.ts'
import type { ResolvedRequest } from './optimize-request.ts'
import { nonDominated } from './pareto.ts'

interface Side {
  readonly candidate: Candidate
  readonly replica: PreparedReplica
  readonly devices: number
  readonly perNode: number
  readonly stages: number
}

/** Prefill settings that are worth a look: prompts alone, so few sequences and no cache beyond them. */
const prefillTokens = [8192, 16_384] as const
const decodeSequences = [64, 256, 1024] as const
/** Splits of each side that are paired with each other. */
const sidesMax = 5

function prepareSide(request: ResolvedRequest, pool: DevicePool, engine: ServingEngine, split: Split, tuned: object): Side | undefined {
  const settings = resolveSettingsFor(request.model, { ...request.settings, ...split, maxModelTokens: request.maxModelTokens, ...tuned })
  if (engine.refuse(request.model, settings, pool.hardware) !== undefined) return undefined
  try {
    const replica = prepareReplica({
      ...{ model: request.model, hardware: pool.hardware, engineId: engine.id, settings },
      engineVersion: engine.versionFor(pool.hardware),
    })
    if (!replica.fit.fits) return undefined
    const perNode = settings.tensor * settings.data
    const candidate = { pool, engine, settings, replicasMax: Math.floor(pool.available / devicesOf(settings)) }
    return { candidate, replica, devices: devicesOf(settings), perNode, stages: settings.pipeline }
  } catch (error) {
    if (simErrors.PREDICTION_UNSUPPORTED.is(error)) return undefined
    throw error
  }
}

interface SidesQuestion {
  readonly request: ResolvedRequest
  readonly pools: Pools
  readonly engine: ServingEngine
  readonly formats: Formats
}

/** The splits of each side that no other one beats in time and in time × devices. */
async function listSides({ request, pools, engine, formats }: SidesQuestion, pause: () => Promise<void>) {
  const sidesOf = async (pool: DevicePool, tunings: readonly object[]) => {
    const sides: Side[] = []
    for (const split of listSplits(request, pool))
      for (const tuned of tunings) {
        await pause()
        const side = prepareSide(request, pool, engine, split, { ...formats, ...tuned })
        if (side !== undefined) sides.push(side)
      }
    return sides
  }
  const prefills = await sidesOf(
    pools.prefill,
    prefillTokens.map((maxBatchedTokens) => ({ maxBatchedTokens, maxSequences: 64 })),
  )
  const decodes = await sidesOf(
    pools.decode,
    decodeSequences.map((maxSequences) => ({ maxSequences, maxBatchedTokens: 2048 })),
  )
  const [anyDecode] = decodes
  const [anyPrefill] = prefills
  if (anyDecode === undefined || anyPrefill === undefined) return { prefills: [], decodes: [] }
  const pairOf = (prefill: Side, decode: Side) => toPair(request, prefill, decode)
  return {
    prefills: nonDominated(prefills, (side) => {
      const { promptSeconds, promptServiceSeconds } = pairOf(side, anyDecode)
      return [promptSeconds, promptServiceSeconds * side.devices]
    }).slice(0, sidesMax),
    decodes: nonDominated(decodes, (side) => {
      const pair = pairOf(anyPrefill, side)
      const at = (sequences: number) => pair.tokenSeconds(Math.min(sequences, Math.max(1, pair.sequencesMax)))
      return [at(1), (at(1024) * side.devices) / Math.max(1, Math.min(1024, pair.sequencesMax)), at(32) * side.devices]
    }).slice(0, sidesMax + 3),
  }
}

interface Pools {
  readonly prefill: DevicePool
  readonly decode: DevicePool
}
interface Formats {
  readonly weights: Precision
  readonly kvCache: Precision
}

const toPair = (request: ResolvedRequest, prefill: Side, decode: Side): DisaggregatedPair =>
  prepareDisaggregated({
    prefill: prefill.replica,
    decode: decode.replica,
    workload: request.workload,
    hardware: { prefill: prefill.candidate.pool.hardware, decode: decode.candidate.pool.hardware },
    linkBytesPerSecond: request.linkBytesPerSecond,
  })

/** Whether the nodes have room: larger replicas are placed first, each in as many nodes as it has stages. */
function fits(pool: DevicePool, groups: readonly { readonly side: Side; readonly count: number }[]): boolean {
  const free = [...pool.nodes]
  for (const { side, count } of [...groups].sort((left, right) => right.side.perNode - left.side.perNode)) {
    let slots = count * side.stages
    for (let node = 0; node < free.length && slots > 0; node += 1) {
      const room = Math.min(slots, Math.floor((free[node] ?? 0) / side.perNode))
      free[node] = (free[node] ?? 0) - room * side.perNode
      slots -= room
    }
    if (slots > 0) return false
  }
  return true
}

function roomFor(prefill: Side, decode: Side, counts: Counts): boolean {
  const same = prefill.candidate.pool === decode.candidate.pool
  const [one, two] = [
    { side: prefill, count: counts.prefill },
    { side: decode, count: counts.decode },
  ]
  return same ? fits(prefill.candidate.pool, [one, two]) : fits(prefill.candidate.pool, [one]) && fits(decode.candidate.pool, [two])
}

function judge(request: ResolvedRequest, sides: { prefill: Side; decode: Side; pair: DisaggregatedPair }, counts: Counts) {
  const estimate = estimateDisaggregated(sides.pair, counts)
  if (estimate === undefined) return undefined
  return toChoice(request, sides, counts, estimate)
}

function toChoice(
  request: ResolvedRequest,
  { prefill, decode, pair }: { prefill: Side; decode: Side; pair: DisaggregatedPair },
  counts: Counts,
  estimate: DisaggregatedEstimate,
): DisaggregatedChoice {
  const devices = { prefill: counts.prefill * prefill.devices, decode: counts.decode * decode.devices }
  const uses = useOf(request.objective, estimate, estimate.outputTokensPerSecond)
  const first = costOfReplicas(prefill.candidate.pool, prefill.candidate.settings, counts.prefill).usdPerHour
  const second = costOfReplicas(decode.candidate.pool, decode.candidate.settings, counts.decode).usdPerHour
  return {
    pair,
    estimate,
    prefill: prefill.candidate,
    decode: decode.candidate,
    counts,
    uses,
    meetsObjective: uses.every(({ ratio }) => ratio <= 1) && (request.objective === undefined || estimate.waiting === 0),
    devices,
    usdPerHour: first === undefined || second === undefined ? undefined : first + second,
  }
}

/** Every count of prefill replicas with the fewest decode replicas that do, or with all that have room. */
function* chooseCounts(
  request: ResolvedRequest,
  sides: { prefill: Side; decode: Side; pair: DisaggregatedPair },
): Generator<DisaggregatedChoice> {
  const { prefill, decode } = sides
  const inFlight = request.workload.concurrency ?? Infinity
  const roomy = (counts: Counts) => roomFor(prefill, decode, counts)
  const mostFor = (prefills: number) => {
    let low = 0
    let high = Math.min(decode.candidate.replicasMax, inFlight)
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (roomy({ prefill: prefills, decode: middle })) low = middle
      else high = middle - 1
    }
    return low
  }
  let worse = 0
  let best = Infinity
  for (const prefills of replicaCounts(Math.max(1, Math.min(prefill.candidate.replicasMax, inFlight)))) {
    const most = mostFor(prefills)
    if (most < 1) return
    const all = judge(request, sides, { prefill: prefills, decode: most })
    if (all === undefined) continue
    let chosen = all
    if (request.goal === 'cost' && all.meetsObjective) {
      let low = 1
      let high = most
      while (low < high) {
        const middle = Math.floor((low + high) / 2)
        const fewer = judge(request, sides, { prefill: prefills, decode: middle })
        if (fewer?.meetsObjective === true) {
          high = middle
          chosen = fewer
        } else low = middle + 1
      }
    }
    yield chosen
    // Once more prefill replicas only cost, they keep doing so.
    const cost = chosen.usdPerHour ?? chosen.devices.prefill + chosen.devices.decode
    worse = request.goal === 'cost' && chosen.meetsObjective && cost >= best ? worse + 1 : 0
    if (chosen.meetsObjective) best = Math.min(best, cost)
    if (worse >= 2) return
  }
}

const rankedOf = (request: ResolvedRequest, choice: DisaggregatedChoice, rank: number): RankedCombination => ({
  kind: 'disaggregated',
  combined: () => toDisaggregatedPlan(request, choice, rank),
  devices: choice.devices.prefill + choice.devices.decode,
  usdPerHour: choice.usdPerHour,
  endToEndSeconds: choice.estimate.endToEndSeconds,
  outputTokensPerSecond: choice.estimate.outputTokensPerSecond,
  uses: choice.uses,
  meetsObjective: choice.meetsObjective,
})

/** Counts of replicas that are kept for each pair of splits. */
const countsKept = 2

/** The best counts of every pair of splits. */
export async function searchDisaggregated(options: {
  readonly request: ResolvedRequest
  readonly pools: readonly DevicePool[]
  readonly engines: readonly ServingEngine[]
  /** Lets others run, and throws when the search is aborted. */
  readonly pause: () => Promise<void>
  readonly compare: (left: RankedCombination, right: RankedCombination) => number
}): Promise<{ readonly found: readonly RankedCombination[]; readonly examined: number }> {
  const { request, pools, engines, pause, compare } = options
  const found: RankedCombination[] = []
  let examined = 0
  const kinds = pools.filter(({ available, hardware }) => available > 1 && hardware.kind === 'gpu')
  // Two kinds of hardware share a cache format only within one vendor's engine build.
  const pairs = kinds.flatMap((prefill) =>
    kinds
      .filter((decode) => decode === prefill || (kinds.length <= 3 && decode.hardware.vendor === prefill.hardware.vendor))
      .map((decode) => ({ prefill, decode })),
  )
  for (const pool of pairs)
    for (const engine of engines) {
      if (engine.disaggregate === undefined) continue
      const [weights] = listWeightFormats(request, engine)
      if (weights === undefined) continue
      const caches: readonly Precision[] = pool.decode.hardware.flopsPerSecond.fp8 === undefined ? ['bf16'] : ['bf16', 'fp8']
      for (const kvCache of caches) {
        await pause()
        const { prefills, decodes } = await listSides({ request, pools: pool, engine, formats: { weights, kvCache } }, pause)
        for (const prefill of prefills)
          for (const decode of decodes) {
            await pause()
            const sides = { prefill, decode, pair: toPair(request, prefill, decode) }
            const counts: RankedCombination[] = []
            for (const choice of chooseCounts(request, sides)) {
              await pause()
              examined += 1
              counts.push(rankedOf(request, choice, examined))
            }
            found.push(...counts.sort(compare).slice(0, countsKept))
          }
      }
    }
  return { found, examined }
}
