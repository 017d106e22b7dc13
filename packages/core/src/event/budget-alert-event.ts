/** One row per threshold that a budget has passed: once in each window. */
import { z } from 'zod'
import { eventEnvelope } from './event.ts'

/** Schema of BudgetAlertEvent. */
export const budgetAlertEventSchema = z.strictObject({
  ...eventEnvelope,
  kind: z.literal('budget-alert'),
  budgetId: z.string(),
  budgetName: z.string(),
  projectId: z.string().optional(),
  /** The threshold: percent of the budget. */
  percent: z.number().positive(),
  limitUsd: z.number().nonnegative(),
  /** In the window so far, over all processes. */
  spentUsd: z.number().nonnegative(),
  windowStartUnixMs: z.number(),
  windowEndUnixMs: z.number(),
  /** Whether calls are refused from 100 percent on. */
  stops: z.boolean(),
})

/** A threshold that a budget has passed. */
export type BudgetAlertEvent = Readonly<z.infer<typeof budgetAlertEventSchema>>
