/** Every combination of what an engine lets one tune, numbered so that a search can jump about in it. */
import type { Precision } from '@bud-foundry/core'
import type { ServingEngine } from '../engine/serving-engine.ts'
import { resolveSettingsFor, type Speculative } from '../settings.ts'
import { listCacheFormats, listSplits, listWeightFormats, type Candidate, type Split } from './candidates.ts'
import { countReplicas, type DevicePool } from './device-pool.ts'
import type { ResolvedRequest } from './optimize-request.ts'

/** What one engine on one kind of hardware can be told. */
interface Branch {
  readonly pool: DevicePool
  readonly engine: ServingEngine
  readonly splits: readonly Split[]
  readonly tuned: readonly (readonly [name: string, values: readonly unknown[]])[]
}

export interface WideSpace {
  readonly branches: readonly Branch[]
  /** Configurations in all. */
  readonly size: number
  /** Of each gene: the branch first, then its split and everything else. */
  readonly cardinalities: readonly number[]
}

function toBranch(request: ResolvedRequest, pool: DevicePool, engine: ServingEngine): Branch | undefined {
  const splits = listSplits(request, pool).filter((split) => countReplicas(pool, split.tensor * split.data, split.pipeline) >= 1)
  if (splits.length === 0) return undefined
  const offered = new Map(engine.tunables(request.model, pool.hardware).map(({ name, values }) => [name, values]))
  const weights: readonly Precision[] = listWeightFormats(request, engine)
  const speculation: readonly (Speculative | undefined)[] = [undefined, ...(request.speculation ?? [])]
  return {
    pool,
    engine,
    splits,
    tuned: [
      ['weights', weights],
      ['kvCache', listCacheFormats(pool.hardware, engine)],
      ['maxSequences', offered.get('maxSequences') ?? [256]],
      ['maxBatchedTokens', offered.get('maxBatchedTokens') ?? [2048]],
      ['chunkedPrefill', offered.get('chunkedPrefill') ?? [true]],
      ['blockTokens', offered.get('blockTokens') ?? [16]],
      // Nothing shared, nothing won: only then the cache may as well be off.
      ['prefixCaching', request.workload.sharedPrefixTokens === undefined ? [true] : (offered.get('prefixCaching') ?? [true])],
      ['speculative', speculation],
    ],
  }
}

const sizeOf = ({ splits, tuned }: Branch): number => tuned.reduce((size, [, values]) => size * values.length, splits.length)

export function describeWideSpace(request: ResolvedRequest, pools: readonly DevicePool[], engines: readonly ServingEngine[]): WideSpace {
  const branches = pools.flatMap((pool) => engines.flatMap((engine) => toBranch(request, pool, engine) ?? []))
  const genes = branches[0]?.tuned.length ?? 0
  return {
    branches,
    size: branches.reduce((sum, branch) => sum + sizeOf(branch), 0),
    cardinalities: [
      branches.length,
      Math.max(1, ...branches.map(({ splits }) => splits.length)),
      ...Array.from({ length: genes }, (_, gene) => Math.max(...branches.map(({ tuned }) => tuned[gene]?.[1].length ?? 1))),
    ],
  }
}

/** The configuration of a genome; genes beyond a branch's values wrap round. */
export function candidateAt(request: ResolvedRequest, space: WideSpace, genome: readonly number[]): Candidate | undefined {
  const [first = 0, second = 0, ...rest] = genome
  const branch = space.branches[first % space.branches.length]
  const split = branch?.splits[second % branch.splits.length]
  if (branch === undefined || split === undefined) return undefined
  const { pool, engine } = branch
  const settings = Object.fromEntries(branch.tuned.map(([name, values], gene) => [name, values[(rest[gene] ?? 0) % values.length]]))
  return {
    pool,
    engine,
    replicasMax: countReplicas(pool, split.tensor * split.data, split.pipeline),
    settings: resolveSettingsFor(request.model, { ...request.settings, ...split, ...settings, maxModelTokens: request.maxModelTokens }),
  }
}

/** Every configuration once. */
export function* enumerateWideSpace(request: ResolvedRequest, space: WideSpace): Generator<Candidate> {
  for (const [index, branch] of space.branches.entries()) {
    const size = sizeOf(branch)
    for (let number = 0; number < size; number += 1) {
      const genome = [index]
      let left = number
      for (const length of [branch.splits.length, ...branch.tuned.map(([, values]) => values.length)]) {
        genome.push(left % length)
        left = Math.floor(left / length)
      }
      const candidate = candidateAt(request, space, genome)
      if (candidate !== undefined) yield candidate
    }
  }
}
