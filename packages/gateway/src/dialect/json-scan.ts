/** Finds the top-level fields of a JSON object in its bytes, without building the value. */
import { dialectErrors } from './dialect-errors.ts'
import { jsonDepthMax, jsonStringCheckedBytes } from './dialect-limits.ts'
import { toBuffer } from './sse-frame.ts'

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c
const colon = 0x3a
const minus = 0x2d
const dot = 0x2e
const letterE = 0x65
const letterU = 0x75

/** 1 for the letters that may follow a backslash. */
const escapable = new Uint8Array(256)
for (const letter of '"\\/bfnrtu') escapable[letter.charCodeAt(0)] = 1

const fail = (reason: string, position: number): never => {
  throw dialectErrors.BODY_MALFORMED({ reason, position })
}

/** Where the value that starts at or after `from` (white space allowed) begins. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from
  for (;;) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at
    at++
  }
}

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39
const isHex = (byte: number | undefined) =>
  isDigit(byte) || (byte !== undefined && ((byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)))

function skipEscape(bytes: Uint8Array, at: number): number {
  const letter = bytes[at + 1]
  if (letter === undefined) return fail('a string is not closed', at)
  if (escapable[letter] !== 1) return fail('a string holds an unknown escape', at)
  if (letter !== letterU) return at + 2
  for (let digit = at + 2; digit < at + 6; digit++) if (!isHex(bytes[digit])) return fail('a string holds a broken \\u escape', at)
  return at + 6
}

/**
 * The position after the string that starts at `start`. Long stretches without a quote are crossed by the engine's native search, which does not
 * look at control characters and escapes inside them: the upstream's parser does.
 */
export function skipString(bytes: Uint8Array, start: number): number {
  let at = start + 1
  for (;;) {
    const checkedEnd = Math.min(at + jsonStringCheckedBytes, bytes.length)
    while (at < checkedEnd) {
      const byte = bytes[at] ?? 0
      if (byte === quote) return at + 1
      if (byte === backslash) at = skipEscape(bytes, at)
      else if (byte < 0x20) return fail('a string holds a raw control character', at)
      else at++
    }
    const end = bytes.indexOf(quote, at)
    if (end === -1) return fail('a string is not closed', start)
    let slashes = 0
    while (end - 1 - slashes >= at && bytes[end - 1 - slashes] === backslash) slashes++
    at = end + 1
    if (slashes % 2 === 0) return at
  }
}

function skipDigits(bytes: Uint8Array, from: number): number {
  let at = from
  while (isDigit(bytes[at])) at++
  return at === from ? fail('a number is malformed', from) : at
}

function skipNumber(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === minus ? start + 1 : start
  at = bytes[at] === 0x30 ? at + 1 : skipDigits(bytes, at)
  if (bytes[at] === dot) at = skipDigits(bytes, at + 1)
  if (((bytes[at] ?? 0) | 0x20) === letterE) {
    const sign = bytes[at + 1]
    at = skipDigits(bytes, sign === 0x2b || sign === minus ? at + 2 : at + 1)
  }
  return at
}

function skipLiteral(bytes: Uint8Array, start: number, literal: string): number {
  for (let index = 0; index < literal.length; index++)
    if (bytes[start + index] !== literal.charCodeAt(index)) return fail('a value is malformed', start)
  return start + literal.length
}

/** Start and end of one item of an array. */
export type ItemPositions = readonly [start: number, end: number]

/** Walks the array at `start`; `found`, where given, receives the positions of its items. */
function skipArray(bytes: Uint8Array, start: number, depth: number, found?: ItemPositions[]): number {
  let at = skipSpace(bytes, start + 1)
  if (bytes[at] === closeBracket) return at + 1
  for (;;) {
    const end = skipValue(bytes, at, depth)
    found?.push([at, end])
    at = skipSpace(bytes, end)
    const byte = bytes[at]
    if (byte === closeBracket) return at + 1
    if (byte !== comma) return fail("',' or ']' is missing", at)
    at = skipSpace(bytes, at + 1)
  }
}

/** Positions of the fields of one object: start and end of the key (with quotes) and of the value, four numbers a field. */
export type FieldPositions = readonly number[]

/** Walks the object at `start`; `found`, where given, receives the positions of its fields. */
function skipObject(bytes: Uint8Array, start: number, depth: number, found: number[] | undefined): number {
  let at = skipSpace(bytes, start + 1)
  if (bytes[at] === closeBrace) return at + 1
  for (;;) {
    if (bytes[at] !== quote) return fail('a field name is missing', at)
    const keyEnd = skipString(bytes, at)
    const colonAt = skipSpace(bytes, keyEnd)
    if (bytes[colonAt] !== colon) return fail("':' is missing", colonAt)
    const valueStart = skipSpace(bytes, colonAt + 1)
    const valueEnd = skipValue(bytes, valueStart, depth)
    if (found !== undefined) found.push(at, keyEnd, valueStart, valueEnd)
    at = skipSpace(bytes, valueEnd)
    const byte = bytes[at]
    if (byte === closeBrace) return at + 1
    if (byte !== comma) return fail("',' or '}' is missing", at)
    at = skipSpace(bytes, at + 1)
  }
}

/** The position after the JSON value at `start`. Throws GATEWAY_BODY_MALFORMED. */
export function skipValue(bytes: Uint8Array, start: number, depth = 0): number {
  if (depth > jsonDepthMax) return fail(`the value is nested deeper than ${String(jsonDepthMax)} levels`, start)
  switch (bytes[start]) {
    case quote:
      return skipString(bytes, start)
    case openBrace:
      return skipObject(bytes, start, depth + 1, undefined)
    case openBracket:
      return skipArray(bytes, start, depth + 1)
    case 0x74:
      return skipLiteral(bytes, start, 'true')
    case 0x66:
      return skipLiteral(bytes, start, 'false')
    case 0x6e:
      return skipLiteral(bytes, start, 'null')
    case undefined:
      return fail('the body ends too early', start)
    default:
      return skipNumber(bytes, start)
  }
}

/** The fields of the object at `start`. Throws GATEWAY_BODY_MALFORMED. */
export function objectFields(bytes: Uint8Array, start: number): FieldPositions {
  const found: number[] = []
  if (bytes[start] !== openBrace) fail("the value is not an object, it does not start with '{'", start)
  skipObject(bytes, start, 1, found)
  return found
}

/** The items of the array at `start`. Throws GATEWAY_BODY_MALFORMED. */
export function arrayItems(bytes: Uint8Array, start: number): readonly ItemPositions[] {
  const found: ItemPositions[] = []
  if (bytes[start] !== openBracket) fail("the value is not an array, it does not start with '['", start)
  skipArray(bytes, start, 1, found)
  return found
}

/** The fields of a body that is one JSON object and nothing else. Throws GATEWAY_BODY_MALFORMED. */
export function topLevelFields(body: Uint8Array): FieldPositions {
  const found: number[] = []
  const start = skipSpace(body, 0)
  if (body[start] !== openBrace) fail(start === body.length ? 'it is empty' : "it does not start with '{'", start)
  const end = skipSpace(body, skipObject(body, start, 1, found))
  if (end < body.length) fail('something follows the closing brace', end)
  return found
}

/** Where the value of a key that ends at `keyEnd` stands; undefined when the bytes at `keyStart` are no key but the end of a text. */
export function fieldValue(
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
): { readonly start: number; readonly end: number } | undefined {
  if (bytes[keyStart - 1] === backslash) return undefined
  const colonAt = skipSpace(bytes, keyEnd)
  if (bytes[colonAt] !== colon) return undefined
  const start = skipSpace(bytes, colonAt + 1)
  return { start, end: skipValue(bytes, start) }
}

/** True when only further fields, one closing brace and white space follow `from`: then `from` ends a field of the outermost object. */
export function endsBody(bytes: Uint8Array, from: number): boolean {
  let at = skipSpace(bytes, from)
  while (bytes[at] === comma) {
    at = skipSpace(bytes, at + 1)
    if (bytes[at] !== quote) return false
    at = skipSpace(bytes, skipString(bytes, at))
    if (bytes[at] !== colon) return false
    at = skipSpace(bytes, skipValue(bytes, skipSpace(bytes, at + 1)))
  }
  return bytes[at] === closeBrace && skipSpace(bytes, at + 1) === bytes.length
}

/** True when the key at `start`..`end` (quotes included) says `name`, escapes understood. */
export function keyIs(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  const length = end - start - 2
  if (length === name.length) {
    let index = 0
    while (index < length && bytes[start + 1 + index] === name.charCodeAt(index)) index++
    if (index === length) return true
  }
  // Only a key with a backslash can be longer on the wire than the name that it says.
  return length > name.length && bytes.subarray(start, end).includes(backslash) && parseSlice(bytes, start, end) === name
}

/** The JSON value between two positions. */
export function parseSlice(bytes: Uint8Array, start: number, end: number): unknown {
  try {
    return JSON.parse(toBuffer(bytes).toString('utf8', start, end))
  } catch {
    return fail('a value is malformed', start)
  }
}
