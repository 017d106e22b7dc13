/** Latency and throughput of prefill replicas that hand their prompts over to decode replicas, in steady state. */
import type { Workload } from '@bud-foundry/core'
import type { HardwareDescription } from '../hardware/hardware-registry.ts'
import { countCacheSequences } from '../predict/cache-room.ts'
import type { PreparedReplica } from '../predict/replica-estimate.ts'
import { pipelineFillSeconds } from '../predict/step-features.ts'
import { transferCache, type CacheTransfer } from './transfer.ts'

/** One kind of replica and its workload-dependent times, prepared once for many counts. */
export interface DisaggregatedPair {
  readonly prefill: PreparedReplica
  readonly decode: PreparedReplica
  readonly workload: Workload
  readonly transfer: CacheTransfer
  /** Of one prompt alone. */
  readonly promptSeconds: number
  /** What one prefill replica takes for a prompt when many wait. */
  readonly promptServiceSeconds: number
  /** Sequences that one decode replica runs at once. */
  readonly sequencesMax: number
  readonly tokenSeconds: (sequences: number) => number
}

export interface DisaggregatedEstimate {
  readonly timeToFirstTokenSeconds: number
  readonly timePerOutputTokenSeconds: number
  readonly endToEndSeconds: number
  readonly outputTokensPerSecond: number
  readonly transferSeconds: number
  /** Shares of time that the replicas of each kind are at work, 0 to 1. */
  readonly prefillUse: number
  readonly decodeUse: number
  /** On each decode replica. */
  readonly running: number
  /** Requests of the whole deployment that find no place. */
  readonly waiting: number
  /** What keeps more requests from being answered. */
  readonly limit: 'load' | 'prefill' | 'decode'
}

/** Measured over predicted of prefill and decode workers beside each other, as AIConfigurator corrects them (Apache-2.0, v0.10). */
const workerFactor = { prefill: 1.1, decode: 1.08 } as const

/** A queue that is fuller than this grows too long to be of use. */
const busiest = 0.95

export function prepareDisaggregated(options: {
  readonly prefill: PreparedReplica
  readonly decode: PreparedReplica
  readonly workload: Workload
  readonly hardware: { readonly prefill: HardwareDescription; readonly decode: HardwareDescription }
  /** Between the two kinds, of one device; absent: what their servers usually have. */
  readonly linkBytesPerSecond?: number | undefined
}): DisaggregatedPair {
  const { prefill, decode, workload, hardware } = options
  const { model } = prefill
  const cached = prefill.settings.prefixCaching ? Math.min(workload.sharedPrefixTokens ?? 0, workload.inputTokens - 1) : 0
  const fresh = workload.inputTokens - cached
  const chunkTokens = Math.max(
    1,
    prefill.settings.chunkedPrefill ? prefill.settings.maxBatchedTokens : Math.max(prefill.settings.maxBatchedTokens, fresh),
  )
  let seconds = pipelineFillSeconds(prefill.step, { tokens: workload.inputTokens, cached, stages: prefill.settings.pipeline, chunkTokens })
  const promptStep = (tokens: number, prompts: number, context: number) =>
    prefill.step({ promptTokens: tokens, prompts, promptContextTokens: context, decodeSequences: 0, decodeContextTokens: 0 }).seconds
  for (let done = 0; done < fresh; done += chunkTokens) seconds += promptStep(Math.min(chunkTokens, fresh - done), 1, cached + done)
  const together = Math.max(1, Math.floor(chunkTokens / fresh))
  const batched = together > 1 ? promptStep(together * fresh, together, cached) / together : seconds
  const context = workload.inputTokens + workload.outputTokens / 2
  const { timing } = prefill.engine
  return {
    prefill,
    decode,
    workload,
    transfer: transferCache(
      model,
      {
        from: { hardware: hardware.prefill, settings: prefill.settings },
        to: { hardware: hardware.decode, settings: decode.settings },
        bandwidthBytesPerSecond: options.linkBytesPerSecond,
      },
      fresh,
    ),
    promptSeconds: workerFactor.prefill * seconds + timing.requestSeconds + timing.promptTokenSeconds * workload.inputTokens,
    promptServiceSeconds: workerFactor.prefill * Math.min(seconds, batched),
    sequencesMax: Math.max(
      0,
      Math.min(
        decode.settings.maxSequences * decode.settings.data,
        countCacheSequences({
          model,
          settings: decode.settings,
          fit: decode.fit,
          workload,
          sharedTokens: decode.settings.prefixCaching ? cached : 0,
          reservesAnswers: decode.engine.reservesAnswers,
        }),
      ),
    ),
    tokenSeconds: (sequences) =>
      workerFactor.decode *
      decode.step({
        promptTokens: 0,
        prompts: 0,
        promptContextTokens: 0,
        decodeSequences: Math.max(sequences, 1),
        decodeContextTokens: context,
      }).seconds,
  }
}

/** At `requestsPerSecond` through both; undefined when one of them cannot keep up. */
function atRate(pair: DisaggregatedPair, counts: Counts, requestsPerSecond: number): DisaggregatedEstimate | undefined {
  const { workload, transfer } = pair
  const prefillUse = (requestsPerSecond * pair.promptServiceSeconds) / counts.prefill
  if (prefillUse > busiest) return undefined
  const steps = Math.max(workload.outputTokens - 1, 0)
  // Little's law on the decode replicas: as many sequences as arrive while one of them is answered.
  const arriving = requestsPerSecond / counts.decode
  let low = 0
  let high = pair.sequencesMax
  if (high < 1 || arriving * steps * pair.tokenSeconds(high) > high) return undefined
  for (let round = 0; round < 20 && high - low > 0.02 * high; round += 1) {
    const middle = (low + high) / 2
    if (arriving * steps * pair.tokenSeconds(middle) > middle) low = middle
    else high = middle
  }
  const perToken = pair.tokenSeconds(high)
  // The mean wait for one of c servers (Sakasegawa 1977), half of it as service takes always the same time.
  const queued = (prefillUse ** Math.sqrt(2 * (counts.prefill + 1)) / (2 * counts.prefill * (1 - prefillUse))) * pair.promptServiceSeconds
  const first = queued + pair.promptSeconds + transfer.seconds + perToken
  return {
    timeToFirstTokenSeconds: first,
    timePerOutputTokenSeconds: perToken,
    endToEndSeconds: first + steps * perToken,
    outputTokensPerSecond: requestsPerSecond * workload.outputTokens,
    transferSeconds: transfer.seconds,
    prefillUse,
    decodeUse: high / pair.sequencesMax,
    running: high,
    waiting: 0,
    limit: 'load',
  }
}

export interface Counts {
  readonly prefill: number
  readonly decode: number
}

/** The rate at which the first of both has no more to give, and which it is. */
function capacity(pair: DisaggregatedPair, counts: Counts): { readonly rate: number; readonly limit: 'prefill' | 'decode' } {
  const steps = Math.max(pair.workload.outputTokens - 1, 1)
  const prefill = (busiest * counts.prefill) / pair.promptServiceSeconds
  const decode = pair.sequencesMax < 1 ? 0 : (counts.decode * pair.sequencesMax) / (steps * pair.tokenSeconds(pair.sequencesMax))
  return prefill <= decode ? { rate: prefill, limit: 'prefill' } : { rate: decode, limit: 'decode' }
}

/**
 * The steady state of so many replicas of each kind. With a constant number of requests in flight the rate is found at which as many are on
 * their way (Little's law); what both take no more of waits in front. Undefined when requests arrive faster than they are answered.
 */
export function estimateDisaggregated(pair: DisaggregatedPair, counts: Counts): DisaggregatedEstimate | undefined {
  const { workload } = pair
  if (workload.requestsPerSecond !== undefined) return atRate(pair, counts, workload.requestsPerSecond)
  const inFlight = workload.concurrency ?? 1
  const most = capacity(pair, counts)
  if (most.rate <= 0) return undefined
  const full = atRate(pair, counts, most.rate * 0.999)
  if (full !== undefined && full.endToEndSeconds * most.rate <= inFlight) {
    const waiting = inFlight - full.endToEndSeconds * most.rate
    const wait = waiting / most.rate
    return {
      ...full,
      waiting,
      limit: most.limit,
      timeToFirstTokenSeconds: full.timeToFirstTokenSeconds + wait,
      endToEndSeconds: full.endToEndSeconds + wait,
    }
  }
  let low = 0
  let high = most.rate * 0.999
  let found: DisaggregatedEstimate | undefined
  for (let round = 0; round < 24 && high - low > 0.005 * high; round += 1) {
    const middle = (low + high) / 2
    const estimate = atRate(pair, counts, middle)
    if (estimate === undefined || estimate.endToEndSeconds * middle > inFlight) high = middle
    else {
      low = middle
      found = estimate
    }
  }
  return found
}
