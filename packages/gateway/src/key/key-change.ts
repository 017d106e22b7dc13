/** What keys are made from, and what may change about them. */
import type { Secret } from '@bud-foundry/core'
import type { Limit } from '../limit/limit-schema.ts'
import type { KeyRecord } from './key-record.ts'

export interface NewKey {
  readonly name: string
  readonly projectId?: string | undefined
  readonly userId?: string | undefined
  /** Default: `inference` only. */
  readonly scopes?: readonly string[] | undefined
  readonly models?: readonly string[] | undefined
  readonly limits?: readonly Limit[] | undefined
  readonly expiresUnixMs?: number | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** The key itself, to bring an existing one in; default: 256 random bits. */
  readonly key?: Secret | undefined
}

/** What is named changes; `null` takes an optional field away. */
export interface KeyChange {
  readonly name?: string | undefined
  readonly userId?: string | null | undefined
  readonly scopes?: readonly string[] | undefined
  readonly models?: readonly string[] | null | undefined
  readonly limits?: readonly Limit[] | null | undefined
  readonly expiresUnixMs?: number | null | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** The key is shown here and never again. */
export interface ShownKey {
  readonly key: Secret
  readonly record: KeyRecord
}

export interface RotateOptions {
  /** How long the key from before is still accepted; 0, the default, stops it at once. */
  readonly overlapMs?: number | undefined
}
