/** What can be administered. Each part is optional: operations on what is not there do not exist. */
import type { GovernanceAdmin } from '../key/governance-admin.ts'
import type { Budgets } from '../money/budgets.ts'
import type { Prices } from '../money/prices.ts'
import type { AuditTrail } from './audit-trail.ts'
import type { SpendLedger } from '../money/spend-ledger.ts'

/** Blocking rules as the administrator sees them; what a rule is, they check themselves. */
export interface BlockingAdmin {
  list(): readonly object[]
  get(id: string): object | undefined
  add(rule: never): Promise<object>
  remove(id: string): Promise<boolean>
}

/** The answers that a gateway remembers. */
export interface CacheAdmin {
  /** Forgets what fits all that is given, everything without a filter; returns how many answers that were. */
  purge(filter: {
    readonly model?: string | undefined
    readonly projectId?: string | undefined
    readonly keyId?: string | undefined
  }): Promise<number>
}

/** The configuration of a gateway. */
export interface ConfigAdmin {
  /** In force now; secrets in it show as `[secret]`. */
  current(): unknown
  /** Rejects with every problem, and changes nothing. */
  check(config: unknown): Promise<void>
  /** Puts it in force; rejects, and changes nothing, when it is invalid. */
  apply(config: unknown): Promise<void>
  /** Reads it anew from where it came, a file for instance. */
  reload?(): Promise<void>
}

export interface AdminParts {
  readonly governance?: GovernanceAdmin | undefined
  readonly prices?: Prices | undefined
  readonly budgets?: Budgets | undefined
  readonly spend?: SpendLedger | undefined
  readonly blocking?: BlockingAdmin | undefined
  readonly cache?: CacheAdmin | undefined
  readonly config?: ConfigAdmin | undefined
  readonly trail?: AuditTrail | undefined
}
