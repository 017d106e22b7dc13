/** What a budget is: an amount of money for a window of time, thresholds that tell, and a stop if wanted. */
import { z } from 'zod'
import { limitWindowSchema } from '../limit/limit-schema.ts'
import { isExactUsd } from './nano-usd.ts'

const id = z.string().regex(/^[\w.:-]{1,58}$/, 'use up to 58 letters, digits, dots, colons, dashes and underscores')
const name = z.string().min(1).max(256)

/** Whose spend counts. */
export const budgetSubjectSchema = z.union([
  z.strictObject({ kind: z.literal(['key', 'project', 'user']), id: name }),
  /** As the gateway names it; a closing `*` matches any ending. */
  z.strictObject({ kind: z.literal('model'), id: name }),
  z.strictObject({ kind: z.literal('all') }),
])

/** Where alerts are posted; only to addresses that the gateway's filter lets through. */
const webhookSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** Name of the stored credential that signs the body; absent: not signed. */
  credential: z
    .string()
    .regex(/^[\w.-]{1,128}$/)
    .optional(),
})

/** Schema of Budget. */
export const budgetSchema = z.strictObject({
  id,
  name: z.string().max(200).default(''),
  subject: budgetSubjectSchema,
  limitUsd: z.number().positive().max(9_000_000).refine(isExactUsd, 'has more than 6 decimals; round it'),
  /** When it starts anew: `day` and the like in UTC, or a calendar day, week or month in a time zone. */
  window: limitWindowSchema.default({ calendar: 'month', timeZone: 'UTC' }),
  /** Percent of the amount at which an alert goes out, once in each window. */
  alertPercents: z.array(z.number().positive().max(1_000)).max(20).default([50, 80, 100]),
  /** Refuses calls that could go beyond: a spend limit of the key, project or user, with reservation. Other subjects only alert. */
  stop: z.boolean().default(false),
  webhook: webhookSchema.optional(),
})

/** A budget as it is in force. */
export type Budget = Readonly<z.output<typeof budgetSchema>>
/** A budget as it may be written. */
export type BudgetInput = Readonly<z.input<typeof budgetSchema>>
export type BudgetSubject = Budget['subject']

/** What a budget's window has seen so far. */
export interface BudgetState {
  readonly budget: Budget
  readonly windowStartUnixMs: number
  readonly windowEndUnixMs: number
  readonly spentUsd: number
  readonly remainingUsd: number
}
