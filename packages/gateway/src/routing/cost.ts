/** Money from token counts. */
import type { TokenPrice, TokenUsage } from '@bud-foundry/core'

/** US dollars for the tokens of one answer. */
export function costUsd(usage: TokenUsage, price: TokenPrice): number {
  const plainInput = Math.max(0, usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteInputTokens)
  const input = price.inputUsdPerMillionTokens
  return (
    (plainInput * input +
      usage.cachedInputTokens * (price.cachedInputUsdPerMillionTokens ?? input) +
      usage.cacheWriteInputTokens * (price.cacheWriteInputUsdPerMillionTokens ?? input) +
      usage.outputTokens * price.outputUsdPerMillionTokens) /
    1_000_000
  )
}
