/**
 * Takes thinking blocks with an empty signature out of a request: engines without signatures answer with such blocks, clients send them back,
 * and Anthropic refuses the conversation because of them.
 */
import type { DropPolicy } from '../drop-policy.ts'
import { findField, topFields } from '../json-body.ts'
import { arrayItems, objectFields, parseSlice, skipSpace, type ItemPositions } from '../json-scan.ts'
import { toBuffer } from '../sse-frame.ts'

export const unsignedReason = 'thinking without its signature is not accepted there'

const signatureKey = Buffer.from('"signature"')
const colon = 0x3a
const quote = 0x22
const openBracket = 0x5b
const openBrace = 0x7b

/** One native search per body; only a body that holds the bytes of an empty signature is looked at closer. */
function mayHoldEmptySignature(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(signatureKey); at !== -1; at = bytes.indexOf(signatureKey, at + 1)) {
    const colonAt = skipSpace(bytes, at + signatureKey.length)
    if (bytes[colonAt] !== colon) continue
    const value = skipSpace(bytes, colonAt + 1)
    if (bytes[value] === quote && bytes[value + 1] === quote) return true
  }
  return false
}

/** Bytes of a field of the object at `start`; undefined when it has no such field. */
function fieldOf(bytes: Buffer, start: number, name: string): readonly [start: number, end: number] | undefined {
  if (bytes[start] !== openBrace) return undefined
  const fields = objectFields(bytes, start)
  const index = findField(bytes, fields, name)
  const from = fields[index + 2]
  const to = fields[index + 3]
  return index < 0 || from === undefined || to === undefined ? undefined : [from, to]
}

function saysText(bytes: Buffer, start: number, name: string, text: string): boolean {
  const range = fieldOf(bytes, start, name)
  return range !== undefined && parseSlice(bytes, ...range) === text
}

const isUnsigned = (bytes: Buffer, start: number): boolean =>
  saysText(bytes, start, 'type', 'thinking') && saysText(bytes, start, 'signature', '')

/** A JSON array of the pieces, separated as they must be. */
const arrayOf = (pieces: readonly Uint8Array[]): Buffer =>
  Buffer.concat([
    Buffer.from('['),
    ...pieces.flatMap((piece, index) => (index === 0 ? [piece] : [Buffer.from(','), piece])),
    Buffer.from(']'),
  ])

/** The message without its unsigned thinking; undefined when nothing is left of it. */
function cleanMessage(bytes: Buffer, [start, end]: ItemPositions, field: string, policy: DropPolicy): Uint8Array | undefined {
  const content = fieldOf(bytes, start, 'content')
  if (content === undefined || bytes[content[0]] !== openBracket) return bytes.subarray(start, end)
  const blocks = arrayItems(bytes, content[0])
  const kept = blocks.filter(([blockStart], index) => {
    if (!isUnsigned(bytes, blockStart)) return true
    policy.harmless(`${field}.content.${String(index)}`, unsignedReason)
    return false
  })
  if (kept.length === blocks.length) return bytes.subarray(start, end)
  if (kept.length === 0) return undefined
  const array = arrayOf(kept.map(([from, to]) => bytes.subarray(from, to)))
  return Buffer.concat([bytes.subarray(start, content[0]), array, bytes.subarray(content[1], end)])
}

/** The same bytes when there is nothing to take out. Throws GATEWAY_NOT_EXPRESSIBLE where the policy drops nothing. */
export function withoutUnsignedThinking(body: Uint8Array, policy: DropPolicy): Uint8Array {
  const bytes = toBuffer(body)
  if (!mayHoldEmptySignature(bytes)) return body
  const fields = topFields(bytes)
  const index = findField(bytes, fields, 'messages')
  const start = fields[index + 2]
  const end = fields[index + 3]
  if (index < 0 || start === undefined || end === undefined || bytes[start] !== openBracket) return body
  const messages = arrayItems(bytes, start)
    .map((message, position) => cleanMessage(bytes, message, `messages.${String(position)}`, policy))
    .filter((message) => message !== undefined)
  return Buffer.concat([bytes.subarray(0, start), arrayOf(messages), bytes.subarray(end)])
}
