/**
 * Bud's `usage_limit:<user>` records (docs/gateway/money.md): read into a user's limits, and written from a user's limits and spend, so that an
 * existing control plane can go on with either side.
 */
import { z } from 'zod'
import type { NewOwner } from '../key/owner-change.ts'
import type { OwnerRecord } from '../key/owner-record.ts'
import type { Limit } from '../limit/limit-schema.ts'

const quota = z.number().nonnegative().nullish()
const text = z.string().nullish()

/** Schema of UsageLimit: loose, because it is somebody else's record. */
export const usageLimitSchema = z.looseObject({
  user_id: z.string().min(1),
  user_type: z.literal(['admin', 'client']).optional(),
  allowed: z.boolean(),
  status: z.string(),
  /** Null, or absent: no bound. */
  tokens_quota: quota,
  tokens_used: z.number().nonnegative().default(0),
  cost_quota: quota,
  cost_used: z.number().nonnegative().default(0),
  /** Grows with each change of the record. */
  update_id: z.int().nonnegative().default(0),
  reason: text,
  reset_at: text,
  last_updated: text,
  billing_cycle_start: text,
  billing_cycle_end: text,
})

/** A record as Bud's control plane writes it. */
export type UsageLimit = Readonly<z.output<typeof usageLimitSchema>>

/** What has been used in the current cycle. */
export interface CycleUsage {
  readonly tokens: number
  readonly costUsd: number
}

const month = { calendar: 'month', timeZone: 'UTC' } as const
const tokensName = 'usage-limit-tokens'
const costName = 'usage-limit-cost'

/**
 * The user with these limits, in calendar months. Administrators have none, as there; who is not allowed is disabled. What the record says was used
 * already comes off this month's room when `startsNow`: the gateway has not seen it.
 */
export function fromUsageLimit(input: unknown, { startsNow = false }: { readonly startsNow?: boolean } = {}): NewOwner {
  const record = usageLimitSchema.parse(input)
  const limits: Limit[] = []
  const left = (all: number, used: number) => Math.max(0, startsNow ? all - used : all)
  if (record.user_type !== 'admin') {
    if (record.tokens_quota != null)
      limits.push({ kind: 'tokens', name: tokensName, limit: Math.floor(left(record.tokens_quota, record.tokens_used)), window: month })
    if (record.cost_quota != null)
      limits.push({ kind: 'spend', name: costName, limitUsd: left(record.cost_quota, record.cost_used), window: month })
  }
  return { id: record.user_id, disabled: record.user_type !== 'admin' && !record.allowed, limits }
}

/** Whether a call may go on under the record, with its words for it: unknown users and administrators always may. */
export function usageLimitStatus(record: UsageLimit | undefined): {
  readonly allowed: boolean
  readonly status: string
  readonly reason: string | undefined
} {
  if (record === undefined) return { allowed: true, status: 'no_billing_plan', reason: 'No billing plan' }
  if (record.user_type === 'admin') return { allowed: true, status: 'admin_unlimited', reason: undefined }
  const isOver = (all: number | null | undefined, used: number) => all != null && used >= all
  const tokens = isOver(record.tokens_quota, record.tokens_used)
  const cost = isOver(record.cost_quota, record.cost_used)
  if (!record.allowed) return { allowed: false, status: record.status, reason: record.reason ?? 'Usage limit exceeded' }
  if (tokens) return { allowed: false, status: 'token_limit_exceeded', reason: 'Token quota exceeded' }
  if (cost) return { allowed: false, status: 'cost_limit_exceeded', reason: 'Cost quota exceeded' }
  return { allowed: true, status: 'allowed', reason: undefined }
}

/** The record of a user as Bud's readers expect it. */
export function toUsageLimit(
  owner: OwnerRecord,
  used: CycleUsage,
  at: { readonly unixMs: number; readonly startUnixMs: number; readonly endUnixMs: number; readonly updateId: number },
): UsageLimit {
  const tokens = owner.limits?.find((limit) => limit.kind === 'tokens')
  const cost = owner.limits?.find((limit) => limit.kind === 'spend')
  const iso = (unixMs: number) => new Date(unixMs).toISOString()
  const record: UsageLimit = {
    user_id: owner.id,
    user_type: 'client',
    allowed: !owner.disabled,
    status: owner.disabled ? 'disabled' : 'allowed',
    tokens_quota: tokens?.limit ?? null,
    tokens_used: used.tokens,
    cost_quota: cost?.limitUsd ?? null,
    cost_used: used.costUsd,
    update_id: at.updateId,
    reason: null,
    reset_at: iso(at.endUnixMs),
    last_updated: iso(at.unixMs),
    billing_cycle_start: iso(at.startUnixMs),
    billing_cycle_end: iso(at.endUnixMs),
  }
  return { ...record, ...usageLimitStatus(record), reason: usageLimitStatus(record).reason ?? null }
}
