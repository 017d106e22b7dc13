/** Who administers. */

/** Who administers, as `authorize` found out. */
export interface AdminActor {
  /** Of a key or an account; stands in the audit. */
  readonly id: string
  readonly name?: string | undefined
  readonly clientIp?: string | undefined
}

/** Somebody who is known, and may not do what was asked: refused with the error, and audited by name. */
export interface RefusedActor {
  readonly actor: AdminActor
  readonly refused: Error
}

/** Stands in the audit for callers whom `authorize` refused. */
export const unknownActorId = 'unknown'
