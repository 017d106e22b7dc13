/** The section `rateLimits` of the configuration. */
import { z } from 'zod'
import { limitRules } from '../limits.ts'
import { limitRuleSchema } from './limit-schema.ts'

export const rateLimitsSchema = z.strictObject({
  /** In addition to the limits on records of keys, users and projects. A call must fit all that count it. */
  rules: z.array(limitRuleSchema).max(limitRules).default([]),
  /** When the store does not answer: `closed` refuses with 503; `processes` lets each of that many processes admit its share of every limit. */
  onStoreFailure: z.union([z.literal('closed'), z.strictObject({ processes: z.int().min(1).max(10_000) })]).default('closed'),
  /** How long a call waits for the store. */
  storeTimeoutMs: z.int().positive().default(1_000),
  /** Output tokens that are reserved for a call that names no maximum. */
  defaultOutputTokens: z.int().nonnegative().default(1_024),
  /** How long the place of a call stays taken after its process died. */
  leaseMs: z.int().min(1_000).max(3_600_000).default(30_000),
  /** Calls that a spend limit counts and that may reach a target without a price: `allow` counts them as free, `refuse` answers 403. */
  unpriced: z.literal(['allow', 'refuse']).default('allow'),
  /** Whether answers carry rate-limit headers. */
  headers: z.boolean().default(true),
})

export type RateLimitsConfig = z.output<typeof rateLimitsSchema>
