/** Projects, or users: records above virtual keys. */
import type { Clock, Store } from '@bud-foundry/core'
import { ownerCount } from '../limits.ts'
import type { NewOwner, OwnerChange } from './owner-change.ts'
import { ownerRecordSchema, type OwnerRecord } from './owner-record.ts'
import { RecordMirror } from './record-mirror.ts'
import { applyChange, type ChangeOf } from './apply-change.ts'

export interface OwnerBook {
  create(owner: NewOwner): Promise<OwnerRecord>
  update(id: string, change: ChangeOf<OwnerRecord, OwnerChange>): Promise<OwnerRecord | undefined>
  delete(id: string): Promise<boolean>
  get(id: string): OwnerRecord | undefined
  /** Oldest first. */
  list(): readonly OwnerRecord[]
}

export interface OwnerBookParts {
  readonly kind: 'project' | 'user'
  readonly store: Store
  readonly clock: Clock
  readonly onChange: () => void
  readonly onFailure: (error: unknown) => void
}

export class StoreOwnerBook implements OwnerBook, AsyncDisposable {
  readonly ready: Promise<void>
  readonly #mirror: RecordMirror<OwnerRecord>
  readonly #clock: Clock

  constructor({ kind, store, clock, onChange, onFailure }: OwnerBookParts) {
    this.#clock = clock
    this.#mirror = new RecordMirror({
      store,
      clock,
      prefix: `gateway/${kind}s/`,
      schema: ownerRecordSchema,
      what: kind,
      countMax: ownerCount,
      ttlMs: () => undefined,
      onChange,
      onReload: () => Promise.resolve(),
      onFailure,
    })
    this.ready = this.#mirror.ready
  }

  create({ id, name = id, ...rest }: NewOwner): Promise<OwnerRecord> {
    return this.#mirror.create({ id, name, createdUnixMs: this.#clock.nowMs(), ...rest })
  }

  update(id: string, change: ChangeOf<OwnerRecord, OwnerChange>): Promise<OwnerRecord | undefined> {
    return this.#mirror.change(id, (record) => applyChange(record, change))
  }

  delete(id: string): Promise<boolean> {
    return this.#mirror.delete(id)
  }

  get(id: string): OwnerRecord | undefined {
    return this.#mirror.get(id)
  }

  /** Whether the keys of this owner are refused; owners without a record are not disabled. */
  isDisabled(id: string): boolean {
    return this.#mirror.size > 0 && this.#mirror.get(id)?.disabled === true
  }

  list(): readonly OwnerRecord[] {
    return this.#mirror.list().toSorted((left, right) => left.createdUnixMs - right.createdUnixMs)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#mirror[Symbol.asyncDispose]()
  }
}
