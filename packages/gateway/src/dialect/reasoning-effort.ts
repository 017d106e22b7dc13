/** Translates between an effort in words and a budget in tokens of thinking. */

/** As the caller wrote it. */
export const reasoningField = ({ dialect }: { readonly dialect: string }): string =>
  dialect === 'anthropic-messages' ? 'thinking' : 'reasoning_effort'

interface Reasoning {
  readonly effort?: string | undefined
  readonly budgetTokens?: number | undefined
  readonly enabled?: boolean | undefined
}

/** Least budget that Anthropic takes (platform.claude.com/docs/en/build-with-claude/extended-thinking). */
export const thinkingBudgetMinTokens = 1_024

/**
 * Share of the output limit that an effort stands for, as OpenRouter documents its own translation
 * (openrouter.ai/docs/use-cases/reasoning-tokens, "Reasoning Effort Level").
 */
const shareByEffort: readonly (readonly [effort: string, share: number])[] = [
  ['minimal', 0.1],
  ['low', 0.2],
  ['medium', 0.5],
  ['high', 0.8],
  ['xhigh', 0.95],
  ['max', 0.95],
]

/** The effort that was named, or the one whose share comes closest to the budget; `none` for thinking that is switched off. */
export function effortOf(reasoning: Reasoning, maxOutputTokens: number | undefined): string | undefined {
  if (reasoning.enabled === false) return 'none'
  if (reasoning.effort !== undefined) return reasoning.effort
  if (reasoning.budgetTokens === undefined) return undefined
  // Without an output limit the budgets of Anthropic's own guide are the scale: 1,024 at least, 16,000 for hard tasks, 32,000 and more rarely.
  const share = reasoning.budgetTokens / (maxOutputTokens ?? 32_000)
  const named = shareByEffort.filter(([effort]) => effort === 'low' || effort === 'medium' || effort === 'high')
  let best = 'medium'
  let distance = Number.POSITIVE_INFINITY
  for (const [effort, ofEffort] of named) {
    if (Math.abs(share - ofEffort) >= distance) continue
    best = effort
    distance = Math.abs(share - ofEffort)
  }
  return best
}

/** The budget for an effort below an output limit; undefined where the limit leaves no room for thinking. */
export function budgetOf(reasoning: Reasoning, maxOutputTokens: number): number | undefined {
  if (maxOutputTokens <= thinkingBudgetMinTokens) return undefined
  const share = shareByEffort.find(([effort]) => effort === reasoning.effort)?.[1] ?? 0.5
  const wanted = reasoning.budgetTokens ?? Math.floor(maxOutputTokens * share)
  return Math.min(Math.max(wanted, thinkingBudgetMinTokens), maxOutputTokens - 1)
}
