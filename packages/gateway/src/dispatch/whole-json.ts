/** Tells a whole JSON answer from one that was broken off, or that is something else altogether. */
import type { CanonicalOperation } from '@bud-foundry/core'

/** Up to this size the answer is parsed; above it only its ends are looked at, because a connection that breaks off is noticed by its framing. */
const parsedBytes = 16 * 1024

const brokenOff = 'its JSON is empty, broken off or malformed'

const open = 0x7b
const close = 0x7d

function outerByte(bytes: Uint8Array, from: number, step: 1 | -1): number | undefined {
  let at = from
  while (at >= 0 && at < bytes.length && (bytes[at] ?? 0) <= 0x20) at += step
  return bytes[at]
}

/** A top-level field that every whole answer of a kind has. */
export interface EssentialField {
  readonly name: string
  readonly kind: 'array' | 'number'
}

const countTokens: EssentialField = { name: 'input_tokens', kind: 'number' }

/** By the id of the dialect that the answer is in; the dialects are those of developers.openai.com/api and platform.claude.com/docs. */
const essentialFields: Readonly<Record<string, EssentialField>> = {
  'openai-chat': { name: 'choices', kind: 'array' },
  'openai-completions': { name: 'choices', kind: 'array' },
  'openai-embeddings': { name: 'data', kind: 'array' },
  'anthropic-messages': { name: 'content', kind: 'array' },
}

/** Undefined for dialects that the gateway does not know. */
export const essentialField = (dialectId: string, operation: CanonicalOperation): EssentialField | undefined =>
  operation === 'count-tokens' ? countTokens : essentialFields[dialectId]

const holds = (value: unknown, kind: EssentialField['kind']): boolean => (kind === 'array' ? Array.isArray(value) : typeof value === kind)

function parsedProblem(bytes: Buffer, essential: EssentialField | undefined): string | undefined {
  let answer: Readonly<Record<string, unknown>>
  try {
    // Safe: it starts with a brace, so what parses is an object.
    answer = JSON.parse(bytes.toString()) as Readonly<Record<string, unknown>>
  } catch {
    return brokenOff
  }
  if (essential === undefined || holds(answer[essential.name], essential.kind)) return undefined
  return `its JSON has no ${essential.kind} '${essential.name}'`
}

/** What is wrong with the bytes of a whole answer; undefined when they are one JSON object with its essential field. */
export function answerProblem(bytes: Uint8Array, essential: EssentialField | undefined): string | undefined {
  if (outerByte(bytes, 0, 1) !== open || outerByte(bytes, bytes.length - 1, -1) !== close) return brokenOff
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length <= parsedBytes) return parsedProblem(buffer, essential)
  if (essential === undefined || buffer.includes(`"${essential.name}"`)) return undefined
  return `its JSON has no ${essential.kind} '${essential.name}'`
}
