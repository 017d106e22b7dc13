/** Rules in the form that requests are checked against: which of them names a caller. Pure. */
import { re2 } from '../pattern/linear-pattern.ts'
import { createAddressSet } from './address-set.ts'
import { blockingLimits } from './blocking-limits.ts'
import type { BlockingRule } from './blocking-rule.ts'

/** A caller as rules see it. */
export interface BlockingCaller {
  /** As `normalAddress` writes it; undefined where there is none, in a call from within the process for instance. */
  readonly address: string | undefined
  /** Empty when the caller names none. */
  readonly userAgent: string
}

export interface Matcher {
  readonly rule: BlockingRule
  matches(caller: BlockingCaller, country: () => string): boolean
}

export type RateRule = Extract<BlockingRule, { readonly kind: 'rate' }>

export interface CompiledRules {
  readonly allow: readonly Matcher[]
  readonly deny: readonly Matcher[]
  readonly rates: readonly RateRule[]
}

function userAgentMatcher(rule: Extract<BlockingRule, { readonly kind: 'user-agent' }>): Matcher['matches'] {
  const texts = rule.contains.filter((text) => text !== '').map((text) => text.toLowerCase())
  const blocksNone = rule.contains.includes('')
  const patterns = rule.patterns.map((pattern) => re2().compile(pattern, re2().CASE_INSENSITIVE))
  return ({ userAgent }) => {
    if (userAgent === '') return blocksNone
    // To let in by what was not read whole would be wrong, to refuse is safe.
    if (userAgent.length > blockingLimits.userAgentLength) return rule.action === 'deny'
    const lower = userAgent.toLowerCase()
    return texts.some((text) => lower.includes(text)) || patterns.some((pattern) => pattern.matcher(userAgent).find())
  }
}

function matcherOf(rule: Exclude<BlockingRule, RateRule>): Matcher {
  switch (rule.kind) {
    case 'address': {
      const set = createAddressSet(rule.addresses)
      return { rule, matches: ({ address }) => address !== undefined && set.has(address) }
    }
    case 'country': {
      const countries = new Set(rule.countries)
      return { rule, matches: ({ address }, country) => address !== undefined && countries.has(country()) }
    }
    case 'user-agent':
      return { rule, matches: userAgentMatcher(rule) }
  }
}

export function compileRules(rules: readonly BlockingRule[]): CompiledRules {
  const allow: Matcher[] = []
  const deny: Matcher[] = []
  const rates: RateRule[] = []
  for (const rule of rules) {
    if (!rule.enabled) continue
    if (rule.kind === 'rate') rates.push(rule)
    else (rule.action === 'allow' ? allow : deny).push(matcherOf(rule))
  }
  return { allow, deny, rates }
}
