/** A JSON object held as bytes with the positions of its top-level fields: read a few, replace a few, copy the rest. */
import type { RequestHead } from '@bud-foundry/core'
import { dialectErrors } from './dialect-errors.ts'
import { endsBody, fieldValue, keyIs, objectFields, parseSlice, topLevelFields, type FieldPositions } from './json-scan.ts'
import { toBuffer } from './sse-frame.ts'

/** Index of the last field called `name` in `fields`, or -1. The last one wins, as in JSON.parse. */
export function findField(bytes: Uint8Array, fields: FieldPositions, name: string): number {
  for (let index = fields.length - 4; index >= 0; index -= 4)
    if (keyIs(bytes, position(fields, index), position(fields, index + 1), name)) return index
  return -1
}

/** Positions come in fours by construction, so an index below the length always has a value. */
const position = (fields: FieldPositions, index: number): number => fields[index] ?? 0

/**
 * The value of a top-level field of an answer, searched from the end: an answer can be a megabyte of text or vectors, and this field comes last or
 * nearly so. Undefined when there is none or the body is malformed.
 */
export function lastField(body: Uint8Array, name: string): unknown {
  const bytes = toBuffer(body)
  const key = Buffer.from(JSON.stringify(name))
  try {
    for (let at = bytes.lastIndexOf(key); at > 0; at = bytes.lastIndexOf(key, at - 1)) {
      const value = fieldValue(bytes, at, at + key.length)
      // What follows a top-level field is nothing but fields and the brace that ends the body: a nested one fails this.
      if (value !== undefined && endsBody(bytes, value.end)) return parseSlice(bytes, value.start, value.end)
    }
    return undefined
  } catch {
    // A malformed answer has no fields; that it is malformed is found where it is decoded.
    return undefined
  }
}

/** Scanned body: the one implementation of RequestHead. */
export class JsonBody implements RequestHead {
  readonly bytes: Uint8Array
  readonly fields: FieldPositions
  readonly model: string
  readonly stream: boolean
  readonly includeUsage: boolean
  readonly userId: string | undefined
  readonly maxOutputTokens: number | undefined
  readonly choices: number

  /** Throws GATEWAY_BODY_MALFORMED or GATEWAY_FIELD_INVALID. */
  constructor(bytes: Uint8Array, dialect: HeadFields) {
    this.bytes = bytes
    this.fields = topLevelFields(bytes)
    const model = this.value('model')
    if (typeof model !== 'string' || model === '') {
      const problem = model === undefined ? 'is missing' : `is ${model === '' ? 'empty' : 'not a string'}`
      throw dialectErrors.FIELD_INVALID({ field: 'model', problem, fix: 'name the model as a string' })
    }
    this.model = model
    const stream = this.value('stream') ?? false
    if (typeof stream !== 'boolean') {
      throw dialectErrors.FIELD_INVALID({ field: 'stream', problem: 'is not a boolean', fix: 'use true or false' })
    }
    this.stream = stream
    this.includeUsage = dialect.includeUsage(this)
    this.userId = dialect.userId(this)
    this.maxOutputTokens = dialect.maxOutputTokens(this)
    this.choices = dialect.choices(this)
  }

  raw(field: string): Uint8Array | undefined {
    const index = findField(this.bytes, this.fields, field)
    return index < 0 ? undefined : this.bytes.subarray(position(this.fields, index + 2), position(this.fields, index + 3))
  }

  /** The parsed value of a top-level field; undefined when absent. */
  value(field: string): unknown {
    const index = findField(this.bytes, this.fields, field)
    return index < 0 ? undefined : parseSlice(this.bytes, position(this.fields, index + 2), position(this.fields, index + 3))
  }

  /**
   * A count that limits reserve by; undefined when absent or null. Some upstreams take strings and fractions as numbers: what is reserved and what is
   * written must not differ. @throws GATEWAY_FIELD_INVALID
   */
  count(field: string, min = 0): number | undefined {
    const value = this.value(field) ?? undefined
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return value
    throw dialectErrors.FIELD_INVALID({
      field,
      problem: 'is not a whole number from ' + String(min) + ' on',
      fix: 'use such a number, or leave it out',
    })
  }
}

/** How a dialect names what the gateway reads. */
export interface HeadFields {
  includeUsage(body: JsonBody): boolean
  userId(body: JsonBody): string | undefined
  maxOutputTokens(body: JsonBody): number | undefined
  choices(body: JsonBody): number
}

/** `head` itself when it was read from this very body, else a new scan of it. */
export const scannedBody = (body: Uint8Array, head: RequestHead | undefined, dialect: HeadFields): JsonBody =>
  head instanceof JsonBody && head.bytes === body ? head : new JsonBody(body, dialect)

/** Positions of the fields of a body, for `findField`. */
export const topFields = (body: Uint8Array): FieldPositions => topLevelFields(body)

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: Uint8Array
}

/** A copy of `bytes` with each edit's range replaced by its text; edits must not overlap. */
function applyEdits(bytes: Uint8Array, edits: Edit[]): Uint8Array {
  edits.sort((left, right) => left.start - right.start)
  let length = bytes.length
  for (const edit of edits) length += edit.text.length - (edit.end - edit.start)
  const source = toBuffer(bytes)
  const result = Buffer.allocUnsafe(length)
  let from = 0
  let to = 0
  for (const edit of edits) {
    to += source.copy(result, to, from, edit.start)
    result.set(edit.text, to)
    to += edit.text.length
    from = edit.end
  }
  source.copy(result, to, from)
  return result
}

/** Every value of `field` (repeated fields included, whoever wins upstream) replaced by `text`. */
function replaceField(body: JsonBody, field: string, text: Uint8Array): Edit[] {
  const edits: Edit[] = []
  for (let index = 0; index < body.fields.length; index += 4)
    if (keyIs(body.bytes, position(body.fields, index), position(body.fields, index + 1), field))
      edits.push({ start: position(body.fields, index + 2), end: position(body.fields, index + 3), text })
  return edits
}

const usageOn = Buffer.from('{"include_usage":true}')
const usageOnMember = Buffer.from('"include_usage":true,')
const usageOnField = Buffer.from('"stream_options":{"include_usage":true},')
const literalTrue = Buffer.from('true')

/** Turns `stream_options.include_usage` on, keeping the other options. */
function includeUsageEdits(body: JsonBody): Edit[] {
  const index = findField(body.bytes, body.fields, 'stream_options')
  // The first field's key is the safest place for a new one: a model that was read means that there is a first field.
  if (index < 0) return [{ start: position(body.fields, 0), end: position(body.fields, 0), text: usageOnField }]
  const start = position(body.fields, index + 2)
  const end = position(body.fields, index + 3)
  if (body.bytes[start] !== 0x7b) return [{ start, end, text: usageOn }]
  const options = objectFields(body.bytes, start)
  if (options.length === 0) return [{ start, end, text: usageOn }]
  const option = findField(body.bytes, options, 'include_usage')
  if (option < 0) return [{ start: position(options, 0), end: position(options, 0), text: usageOnMember }]
  return [{ start: position(options, option + 2), end: position(options, option + 3), text: literalTrue }]
}

/** The body with the model replaced and, where asked, usage switched on. The same bytes when nothing changes. */
export function spliceBody(body: JsonBody, model: string, includeUsage: boolean): Uint8Array {
  const edits = body.model === model && !repeats(body, 'model') ? [] : replaceField(body, 'model', Buffer.from(JSON.stringify(model)))
  if (includeUsage) edits.push(...includeUsageEdits(body))
  return edits.length === 0 ? body.bytes : applyEdits(body.bytes, edits)
}

function repeats(body: JsonBody, field: string): boolean {
  let count = 0
  for (let index = 0; index < body.fields.length; index += 4)
    if (keyIs(body.bytes, position(body.fields, index), position(body.fields, index + 1), field)) count++
  return count > 1
}
