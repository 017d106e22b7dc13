/** What a limit is, in the configuration and on the records of keys, users and projects. */
import { z } from 'zod'

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** Lengths of the windows that have a name. */
export const fixedWindowMs = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

/** Fixed windows start at multiples of their length since 1970 in UTC; calendar windows with the day, week (Monday) or month of a time zone. */
export const limitWindowSchema = z.union([
  z.literal(['second', 'minute', 'hour', 'day']),
  z.strictObject({
    seconds: z
      .int()
      .min(1)
      .max(92 * 86_400),
  }),
  z.strictObject({
    calendar: z.literal(['day', 'week', 'month']),
    /** A name of the IANA database, such as `Europe/Berlin`. */
    timeZone: z.string().refine(isTimeZone, 'expected the name of a time zone, such as Europe/Berlin').default('UTC'),
  }),
])

const common = {
  /** Shown in messages and in the RateLimit headers; default: kind, owner and window. */
  name: z
    .string()
    .regex(/^[a-z0-9_-]{1,64}$/i, 'use 1 to 64 letters, digits, - or _')
    .optional(),
  /** Models that it counts; a closing `*` matches any ending. Absent: all. */
  models: z.array(z.string().min(1)).min(1).readonly().optional(),
  /** Each model is counted apart. */
  perModel: z.boolean().optional(),
}
const amount = z.int().nonnegative()

const requestsFields = { kind: z.literal('requests'), limit: amount, window: limitWindowSchema, ...common }
const tokensFields = { kind: z.literal('tokens'), limit: amount, window: limitWindowSchema, ...common }
const concurrencyFields = { kind: z.literal('concurrency'), limit: amount, ...common }
const spendFields = {
  kind: z.literal('spend'),
  /** Counted in whole billionths of a dollar, so that sums stay exact up to nine million dollars. */
  limitUsd: z.number().nonnegative().max(9_000_000),
  window: limitWindowSchema,
  ...common,
}

/** One limit on a key, user or project. */
export const limitSchema = z.discriminatedUnion('kind', [
  z.strictObject(requestsFields),
  z.strictObject(tokensFields),
  z.strictObject(concurrencyFields),
  z.strictObject(spendFields),
])

const names = z.array(z.string().min(1)).min(1).readonly().optional()
const scope = {
  /** Each of these is counted apart; absent: all callers together. Calls without a user count as one user. */
  per: z
    .array(z.literal(['key', 'user', 'project']))
    .min(1)
    .readonly()
    .optional(),
  /** Ids of those it applies to; a closing `*` matches any ending. Absent: everyone. */
  keys: names,
  users: names,
  projects: names,
}

/** One limit of the configuration: the same, and whom it applies to. */
export const limitRuleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...requestsFields, ...scope }),
  z.strictObject({ ...tokensFields, ...scope }),
  z.strictObject({ ...concurrencyFields, ...scope }),
  z.strictObject({ ...spendFields, ...scope }),
])

export type LimitWindow = z.output<typeof limitWindowSchema>
export type Limit = z.output<typeof limitSchema>
export type LimitRule = z.output<typeof limitRuleSchema>
