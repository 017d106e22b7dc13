/** Latency and throughput of continuous batching in steady state, from the time of single steps. */
import type { StepBatch, StepCost, StepModel } from '../cost/step-cost.ts'
import { mixedScheduling, type EngineTiming } from '../cost/engine-timing.ts'

export interface ServingEstimate {
  readonly timeToFirstTokenSeconds: number
  readonly timePerOutputTokenSeconds: number
  readonly endToEndSeconds: number
  readonly outputTokensPerSecond: number
  /** Requests that are worked on at once; the rest waits. */
  readonly running: number
  readonly waiting: number
  /** What the mean step spends most of its time on. */
  readonly bound: StepCost['bound']
  /** What keeps more requests from running at once. */
  readonly batchLimit: 'load' | 'max-sequences' | 'kv-cache'
  /** What the estimate is made of. */
  readonly parts: EstimateParts
}

export interface EstimateParts {
  /** The mean step without prompts. */
  readonly decodeStep: StepCost
  /** One prompt alone. */
  readonly promptSeconds: number
  /** What a prompt adds to steps that decode anyway. */
  readonly marginalPromptSeconds: number
}

export interface EstimateInput {
  readonly step: StepModel
  readonly timing: EngineTiming
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly outputTokens: number
  readonly concurrency: number
  readonly maxSequences: number
  readonly maxBatchedTokens: number
  /** Sequences of this length that the cache holds. */
  readonly cacheSequences: number
  /** Whether a constant number of requests is kept in flight, so that some arrive together; otherwise they come independently. */
  readonly closedLoop: boolean
  /** What a prompt waits until a pipeline is full. */
  readonly pipelineFillSeconds?: number
}

/** Time of one prompt alone, in chunks of at most `maxBatchedTokens`. */
function promptSeconds(input: EstimateInput): number {
  let seconds = 0
  let context = input.cachedTokens
  let left = Math.max(1, input.inputTokens - input.cachedTokens)
  while (left > 0) {
    const chunk = Math.min(left, input.maxBatchedTokens)
    seconds += input.step({
      promptTokens: chunk,
      prompts: 1,
      promptContextTokens: context,
      decodeSequences: 0,
      decodeContextTokens: 0,
    }).seconds
    context += chunk
    left -= chunk
  }
  return seconds
}

/**
 * Steady state with a constant number of requests in flight. While a request decodes its answer, the others' prompts
 * join its steps: one prompt for every answer that ends. A new prompt waits for those before it (mean wait of a queue
 * with constant service time) and, when more requests are in flight than run, for a place in the batch.
 */
export function estimateServing(input: EstimateInput): ServingEstimate {
  const { step, timing, outputTokens } = input
  const scheduling = timing.scheduling ?? mixedScheduling
  const limit = Math.max(1, Math.min(input.maxSequences, input.cacheSequences))
  const running = Math.min(input.concurrency, limit)
  const context = input.inputTokens + outputTokens / 2
  const newTokens = Math.max(1, input.inputTokens - input.cachedTokens)
  const alone = promptSeconds(input) + (input.pipelineFillSeconds ?? 0)
  const decodeSteps = Math.max(outputTokens - 1, 0)
  const decodeOnly = (sequences: number): StepBatch => ({
    promptTokens: 0,
    prompts: 0,
    promptContextTokens: 0,
    decodeSequences: sequences,
    decodeContextTokens: context,
  })
  // What a prompt adds to steps that decode anyway.
  const mixed = (sequences: number, prompts: number) =>
    step({
      promptTokens: prompts * newTokens,
      prompts,
      promptContextTokens: input.cachedTokens,
      decodeSequences: sequences,
      decodeContextTokens: context,
    })
  let decoding = running
  let cost = step(decodeOnly(running))
  let perToken = cost.seconds
  let first = alone
  let marginal = 0
  // Requests still in their prompt do not decode; three rounds settle the split.
  for (let round = 0; round < 3; round += 1) {
    const full = Math.max(1, Math.min(input.maxBatchedTokens / newTokens, running))
    if (round > 0) cost = step(decodeOnly(decoding))
    marginal = Math.max(0, mixed(decoding, full).seconds - cost.seconds) / full
    const promptsPerStep = outputTokens <= 1 ? 0 : decoding / outputTokens
    perToken = cost.seconds + promptsPerStep * marginal * scheduling.mixedStepShare
    const cycle = first + decodeSteps * perToken
    const busy = Math.min(0.95, (Math.max(0, running - 1) * marginal) / Math.max(cycle, Number.MIN_VALUE))
    const burst = (Math.max(0, running - 1) / 2) * marginal
    const steady = input.closedLoop ? scheduling.promptsAhead * marginal : (marginal * busy) / (2 * (1 - busy))
    const burstShare = input.closedLoop ? scheduling.burstShare : 0
    const queue = burstShare * burst + (1 - burstShare) * Math.min(burst, steady)
    const residual = running > 1 && outputTokens > 1 ? cost.seconds / 2 : 0
    first = alone + queue + residual + timing.requestSeconds + timing.promptTokenSeconds * input.inputTokens
    decoding =
      running * Math.min(1, Math.max(1 / running, (decodeSteps * perToken) / Math.max(first + decodeSteps * perToken, Number.MIN_VALUE)))
  }
  const service = first + decodeSteps * perToken
  const waiting = input.concurrency - running
  const requestRate = running / service
  const wait = waiting / requestRate
  return {
    timeToFirstTokenSeconds: first + wait,
    timePerOutputTokenSeconds: perToken,
    endToEndSeconds: service + wait,
    outputTokensPerSecond: requestRate * outputTokens,
    running,
    waiting,
    bound: cost.bound,
    parts: { decodeStep: cost, promptSeconds: alone, marginalPromptSeconds: marginal },
    batchLimit: waiting === 0 ? 'load' : input.cacheSequences < input.maxSequences ? 'kv-cache' : 'max-sequences',
  }
}

/**
 * The same for requests that arrive at a rate: the number in flight is found by Little's law.
 * Undefined when the replica cannot keep up, however many are in flight.
 */
export function estimateAtRate(input: Omit<EstimateInput, 'concurrency'>, requestsPerSecond: number): ServingEstimate | undefined {
  const at = (concurrency: number) => estimateServing({ ...input, concurrency })
  const cap = Math.max(1, Math.min(input.maxSequences, input.cacheSequences))
  const served = (estimate: ServingEstimate) => estimate.outputTokensPerSecond / input.outputTokens
  if (served(at(cap)) < requestsPerSecond) return undefined
  let low = 0
  let high = cap
  for (let round = 0; round < 24 && high - low > 0.01 * high; round += 1) {
    const middle = (low + high) / 2
    if (served(at(Math.max(middle, 0.01))) < requestsPerSecond) low = middle
    else high = middle
  }
  return at(Math.max(high, 0.01))
}
