/** Replays a trace of prompts over a fleet of workers in virtual time, each with its own prefix cache, behind a routing policy. */
import { createSecret, createSeededRandom, type Candidate, type RoutingPolicy } from '@bud-foundry/core'
import { createPrefixIndex } from '../../src/policies/prefix-index.ts'

export interface TracedRequest {
  readonly atMs: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly blockHashes: readonly bigint[]
}

export interface FleetOptions {
  readonly workers: number
  /** Capacity of the prefix cache of each worker. */
  readonly blocksPerWorker: number
  readonly prefillTokensPerSecond: number
  readonly msPerOutputToken: number
}

export interface ReplayResult {
  /** Prompt blocks served from a cache, of all prompt blocks. */
  readonly hitBlocks: number
  readonly blocks: number
  /** Prefill work of the busiest worker, divided by the mean. */
  readonly imbalance: number
  readonly timeToFirstTokenMsMean: number
}

interface Worker {
  readonly id: string
  prefillFreeAtMs: number
  prefilledTokens: number
  endsMs: number[]
}

function toCandidate(worker: Worker, nowMs: number, options: FleetOptions): Candidate {
  worker.endsMs = worker.endsMs.filter((endMs) => endMs > nowMs)
  return {
    target: {
      id: worker.id,
      providerId: 'twin',
      modelId: 'm',
      baseUrl: new URL('http://127.0.0.1'),
      credential: createSecret('-'),
      weight: 1,
      tier: 0,
      options: {},
    },
    inFlight: worker.endsMs.length,
    latencyMsEwma: 0,
    timeToFirstTokenMsEwma: 0,
    errorRate: 0,
    costUsdPerMillionTokens: 0,
    cacheHitRate: 0,
    queuedTokens: (Math.max(0, worker.prefillFreeAtMs - nowMs) / 1000) * options.prefillTokensPerSecond,
  }
}

export function replay(trace: readonly TracedRequest[], policy: RoutingPolicy, options: FleetOptions): ReplayResult {
  const random = createSeededRandom(1)
  const caches = createPrefixIndex(options.blocksPerWorker)
  const workers = Array.from({ length: options.workers }, (_, index): Worker => ({
    id: `worker-${String(index)}`,
    prefillFreeAtMs: 0,
    prefilledTokens: 0,
    endsMs: [],
  }))
  let hitBlocks = 0
  let blocks = 0
  let waitedMs = 0
  for (const { atMs, inputTokens, outputTokens, blockHashes } of trace) {
    const candidates = workers.map((worker) => toCandidate(worker, atMs, options))
    const [chosen] = policy.rank({ model: 'm', operation: 'chat' }, candidates, {
      nowMs: atMs,
      random,
      affinityKey: undefined,
      blockHashes,
      inputTokensEstimate: inputTokens,
    })
    const worker = workers.find(({ id }) => id === chosen?.target.id)
    if (worker === undefined) throw new Error('the policy ranked a candidate that it was not given')
    const hits = caches.match(worker.id, blockHashes)
    caches.touch(worker.id, blockHashes)
    const prefillTokens = inputTokens * (1 - hits / Math.max(1, blockHashes.length))
    const startMs = Math.max(atMs, worker.prefillFreeAtMs)
    worker.prefillFreeAtMs = startMs + (prefillTokens / options.prefillTokensPerSecond) * 1000
    worker.prefilledTokens += prefillTokens
    worker.endsMs.push(worker.prefillFreeAtMs + outputTokens * options.msPerOutputToken)
    hitBlocks += hits
    blocks += blockHashes.length
    waitedMs += worker.prefillFreeAtMs - atMs
  }
  const work = workers.map(({ prefilledTokens }) => prefilledTokens)
  return {
    hitBlocks,
    blocks,
    imbalance: Math.max(...work) / (work.reduce((sum, tokens) => sum + tokens, 0) / work.length),
    timeToFirstTokenMsMean: waitedMs / trace.length,
  }
}

/** The hits of one cache with the capacity of all workers together: no placement over separate caches can have more. */
export function oracleHits(trace: readonly TracedRequest[], options: FleetOptions): number {
  const cache = createPrefixIndex(options.blocksPerWorker * options.workers)
  let hits = 0
  for (const { blockHashes } of trace) {
    hits += cache.match('all', blockHashes)
    cache.touch('all', blockHashes)
  }
  return hits
}
