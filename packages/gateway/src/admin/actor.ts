/** Who administers. */

/** Who administers, as `authorize` found out. */
export interface AdminActor {
  /** Of a key or an account; stands in the audit. */
  readonly id: string
  readonly name?: string | undefined
  readonly clientIp?: string | undefined
}

/** Stands in the audit for callers whom `authorize` refused. */
export const unknownActorId = 'unknown'
