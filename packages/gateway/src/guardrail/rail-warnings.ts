/** What a guardrail section may say by mistake: rails that guard nothing, and patterns whose matches can be longer than what is looked at. */
import type { ConfigIssue } from '@bud-foundry/core'
import type { GuardrailsConfig } from './guardrail-config.ts'

/** What repeats without an end once texts taken literally and classes of characters are gone. */
const unbounded = /[*+]|\{\d+,\}/
const literals = /\\Q[^]*?(?:\\E|$)|\\p\{[^}]*\}|\\[^]|\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]\\])*\]/g

/** Whether an expression of RE2 has matches of any length. */
export const isUnbounded = (pattern: string): boolean => unbounded.test(pattern.replaceAll(literals, '.'))

/** Of a section that is valid. */
export function railWarnings({ rails, attach }: GuardrailsConfig): readonly ConfigIssue[] {
  const attached = new Set(attach.flatMap((entry) => entry.rails))
  const warnings: ConfigIssue[] = []
  for (const [name, rail] of Object.entries(rails)) {
    const path = `guardrails.rails.${name}`
    if (!attached.has(name)) {
      const fix = `name it in guardrails.attach, for all calls with { rails: ['${name}'] }`
      warnings.push({ path, message: 'is attached to no call and guards nothing', fix })
    }
    if (rail.kind === 'regex' && isUnbounded(rail.pattern)) {
      const message = `has a pattern that matches texts of any length: what is longer than maxLength (${String(rail.maxLength)} characters) may pass`
      warnings.push({
        path: `${path}.pattern`,
        message,
        fix: 'give *, + and {n,} an upper bound, {1,64} for instance, so that maxLength holds the longest',
      })
    }
  }
  return warnings
}
