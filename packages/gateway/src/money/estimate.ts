/** What a call may cost before anybody has answered it: the prompt as estimated, and every token that the answer may have. */
import type { TokenUsage } from '@bud-foundry/core'
import type { TargetPrice } from './price-book.ts'

/** Output tokens reserved for a call that names no bound of its own. */
export const defaultOutputTokens = 4_096

/** What is known of a call before it is sent. */
export interface ExpectedCall {
  readonly inputTokens: number
  /** As the caller bounds it. */
  readonly maxOutputTokens: number | undefined
  /** Number of answers asked for. */
  readonly choices: number
  readonly serviceTier?: string | undefined
}

/**
 * The most that one answer may cost at any of the targets, in nano-dollars: which of them will answer is not known yet. Undefined when none has a
 * price. Cached input counts as fresh, and reasoning as output: the estimate is the dearer side of what is not known.
 */
export function estimateNanos(call: ExpectedCall, targets: Iterable<{ readonly price: TargetPrice }>): number | undefined {
  const usage: TokenUsage = {
    inputTokens: call.inputTokens,
    cachedInputTokens: 0,
    cacheWriteInputTokens: 0,
    outputTokens: (call.maxOutputTokens ?? defaultOutputTokens) * call.choices,
    reasoningTokens: 0,
  }
  let most: number | undefined
  for (const { price } of targets) {
    const nanos = price.costNanosNow(usage, call.serviceTier)
    if (nanos !== undefined) most = Math.max(most ?? 0, nanos)
  }
  return most
}
