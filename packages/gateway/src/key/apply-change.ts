/** Applies a partial change to a record: undefined leaves a field, null removes it. */

type Change<Kept> = { readonly [Field in keyof Kept]?: Kept[Field] | null | undefined }

/** A partial change, or what makes one of the record as it is in the store: then nothing that others change meanwhile is lost. */
export type ChangeOf<Kept, Change> = Change | ((record: Kept) => Change)

/** The record's schema decides whether what comes out is one: a required field that was removed is a problem it names. */
export function applyChange<Kept extends object>(record: Kept, changeOf: ChangeOf<Kept, Change<Kept>>): Kept {
  const change = typeof changeOf === 'function' ? changeOf(record) : changeOf
  const changed = Object.entries({ ...record, ...withoutUndefined(change) }).filter(([, value]) => value !== null)
  // Whatever is no `Kept` is refused by the schema, which every record passes before it is stored.
  return Object.fromEntries(changed) as Kept
}

const withoutUndefined = (fields: object): object => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
