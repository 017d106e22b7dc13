/** What projects and users are made from, and what may change about them. */
import type { Limit } from '../limit/limit-schema.ts'

/** A project or user to make, or to replace whole. */
export interface NewOwner {
  readonly id: string
  /** Default: the id. */
  readonly name?: string | undefined
  readonly disabled?: boolean | undefined
  readonly limits?: readonly Limit[] | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** What is named changes; `null` takes the limits away. */
export interface OwnerChange {
  readonly name?: string | undefined
  readonly disabled?: boolean | undefined
  readonly limits?: readonly Limit[] | null | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}
