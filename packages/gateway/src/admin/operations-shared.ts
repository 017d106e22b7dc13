/** Pieces that several operations share: schemas of parameters, and finding what must be there. */
import { invariant } from '@bud-foundry/core'
import { z } from 'zod'
import { gatewayErrors } from '../errors.ts'
import { keyRecordSchema, type KeyRecord } from '../key/key-record.ts'

/** Control characters, line separators and halves of characters: they forge lines of logs and lists. */
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029]/u
/** A text that stands in lists, logs and answers as it is. */
export const printable = z.string().refine((text) => !unprintable.test(text), 'holds a control character or a broken one; leave it out')

export const none = z.strictObject({})
export const idParams = z.strictObject({ id: z.string().min(1).max(256) })
export const deletedSchema = z.strictObject({ id: z.string(), deleted: z.literal(true) })

/** A key without anything that could be checked against a guess. */
export const shownKeySchema = keyRecordSchema.omit({ hash: true, previous: true }).extend({
  /** Keys from before, by their first characters, that are accepted a while longer. */
  previous: z
    .array(z.strictObject({ prefix: z.string(), validUntilUnixMs: z.number() }))
    .readonly()
    .optional(),
})
export type ShownKeyRecord = z.output<typeof shownKeySchema>

/** What anyone gets to see of a key. */
export function toShownKey({ hash: _hash, previous, ...shown }: KeyRecord): ShownKeyRecord {
  if (previous === undefined) return shown
  return { ...shown, previous: previous.map(({ prefix, validUntilUnixMs }) => ({ prefix, validUntilUnixMs })) }
}

/** @throws GATEWAY_ADMIN_NOT_FOUND */
export function found<Value>(value: Value | undefined, what: string, id: string): Value {
  if (value === undefined) throw gatewayErrors.ADMIN_NOT_FOUND({ what, id })
  return value
}

/** An operation is offered only where its parts are. */
export function part<Value>(value: Value | undefined): Value {
  invariant(value !== undefined, 'an administrative operation runs only where the parts that it needs are')
  return value
}
