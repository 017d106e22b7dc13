/** What a blocking rule is: data, checked where it enters. */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { isLinearPattern } from '../pattern/linear-pattern.ts'
import { blockingLimits } from './blocking-limits.ts'

const isNetwork = (text: string): boolean => (isIP(text) !== 0 && !text.includes('%')) || ipaddr.isValidCIDR(text)

const shared = {
  /** Unique; given by the gateway where it is left out. */
  id: z
    .string()
    .regex(/^[\w.:-]{1,64}$/, 'use up to 64 letters, digits, dots, colons, dashes and underscores')
    .optional(),
  enabled: z.boolean().default(true),
  /** For people. */
  note: z.string().max(500).optional(),
  /** From then on the rule holds no more. */
  expiresUnixMs: z.number().nonnegative().optional(),
}
/** `allow` lets in whatever the other rules say; `deny` answers 403. */
const action = z.literal(['allow', 'deny']).default('deny')

const addressRule = z.strictObject({
  ...shared,
  kind: z.literal('address'),
  action,
  /** IPv4 and IPv6 addresses and CIDR networks. */
  addresses: z
    .array(z.string().refine(isNetwork, 'expected an IP address such as 192.0.2.1, or a network such as 192.0.2.0/24'))
    .min(1)
    .max(blockingLimits.addressesPerRule)
    .readonly(),
})

const countryRule = z.strictObject({
  ...shared,
  kind: z.literal('country'),
  action,
  /** ISO 3166-1 alpha-2; `ZZ` stands for addresses that the database does not place. */
  countries: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z]{2}$/, 'expected two letters, such as DE')
        .toUpperCase(),
    )
    .min(1)
    .readonly(),
})

const userAgentRule = z.strictObject({
  ...shared,
  kind: z.literal('user-agent'),
  action,
  /** Texts that the user agent contains; case does not count. An empty text stands for a caller without a user agent. */
  contains: z.array(z.string().max(blockingLimits.patternLength)).max(blockingLimits.patternsPerRule).readonly().default([]),
  /** Regular expressions of RE2's syntax (no look-around, no back-references), found anywhere; case does not count. */
  patterns: z
    .array(
      z.string().min(1).max(blockingLimits.patternLength).refine(isLinearPattern, 'expected a regular expression in the syntax of RE2'),
    )
    .max(blockingLimits.patternsPerRule)
    .readonly()
    .default([]),
})

const rateRule = z.strictObject({
  ...shared,
  kind: z.literal('rate'),
  /** Requests of one address in each window; what comes on top gets 429. */
  limit: z.int().positive(),
  windowMs: z.int().min(100).max(86_400_000),
})

export const blockingRuleSchema = z
  .discriminatedUnion('kind', [addressRule, countryRule, userAgentRule, rateRule])
  .refine(
    (rule) => rule.kind !== 'user-agent' || rule.contains.length + rule.patterns.length > 0,
    'give at least one of contains and patterns',
  )

export type BlockingRuleInput = z.input<typeof blockingRuleSchema>
/** A rule as it is in force. */
export type BlockingRule = Readonly<z.output<typeof blockingRuleSchema>> & {
  readonly id: string
  /** `config` rules change with the configuration only. */
  readonly origin: 'config' | 'store'
}

/** The `blocking` section of a configuration. */
export const blockingConfigSchema = z.strictObject({
  rules: z.array(blockingRuleSchema).max(blockingLimits.rules).readonly().default([]),
  /** What happens to callers that no rule names: `deny` turns the allow rules into the list of those who may come in. */
  otherwise: z.literal(['allow', 'deny']).default('allow'),
})
export type BlockingConfig = Readonly<z.output<typeof blockingConfigSchema>>
