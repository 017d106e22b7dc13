/** Says what one event of a chat or completion stream is; content, the bulk of a stream, is recognised by its bytes. */
import type { FrameKind } from '@bud-foundry/core'
import { asArray, asObject, parseFrame, parseObject, toBuffer } from '../sse-frame.ts'
import { usageOfChunk } from './usage.ts'

type Json = Readonly<Record<string, unknown>>

const quote = 0x22
const backslash = 0x5c

/*
 * Why searching for these bytes is safe: inside a JSON string every quote is preceded by a backslash, so `"delta":{` with no backslash before its
 * first quote can only be a field (its second quote would carry one if it belonged to a text). The first quote can close a string only if a `:`
 * follows a letter there, which is no JSON. What stands in fields that providers invent could still nest such a key: then the frame is content
 * or a finish by mistake of that provider's making, never by the model's or the user's text.
 */
const contentStarts = ['"delta":{"content":"', '"delta":{"reasoning_content":"', '"delta":{"role":"assistant","content":"', '"text":"'].map(
  (text) => Buffer.from(text),
)
const toolCallStart = Buffer.from('"delta":{"tool_calls":[{')
const finishReason = Buffer.from('"finish_reason":"')
const errorKey = Buffer.from('"error":')

/** True when `bytes` holds `marker` as a field with a string value that is not empty. */
function hasText(bytes: Buffer, marker: Buffer): boolean {
  const at = bytes.indexOf(marker)
  return at > 0 && bytes[at - 1] !== backslash && bytes[at + marker.length] !== quote
}

const hasField = (bytes: Buffer, marker: Buffer): boolean => {
  const at = bytes.indexOf(marker)
  return at > 0 && bytes[at - 1] !== backslash
}

/** True when the bytes alone prove content and nothing that ranks higher can be in the frame. */
function isPlainContent(bytes: Buffer): boolean {
  if (bytes.indexOf(finishReason) >= 0 || bytes.indexOf(errorKey) >= 0) return false
  return contentStarts.some((marker) => hasText(bytes, marker)) || hasField(bytes, toolCallStart)
}

/** Classifies an event of a chat or completion stream. */
export function classifyOpenaiFrame(frame: Uint8Array): FrameKind {
  const bytes = toBuffer(frame)
  if (isPlainContent(bytes)) return 'content'
  const parsed = parseFrame(frame)
  if (parsed === undefined) return 'lifecycle'
  if (parsed.data.trim() === '[DONE]') return 'end'
  const chunk = parseObject(parsed.data)
  // What cannot be read must not be taken for progress, and is not ours to hide either: it fails the answer.
  if (chunk === undefined || parsed.event === 'error') return 'error'
  return classifyChunk(chunk)
}

/** Classifies a parsed chunk. */
export function classifyChunk(chunk: Json): FrameKind {
  if (chunk['error'] !== undefined && chunk['error'] !== null) return 'error'
  // A JSON error body in place of a chunk, as vLLM before 0.9 and SGLang send it: {"object":"error","message":…}.
  if (chunk['object'] === 'error') return 'error'
  const choices = asArray(chunk['choices']).map(asObject)
  if (choices.some((choice) => typeof choice?.['finish_reason'] === 'string')) return 'finish'
  if (choices.some(choiceHasContent)) return 'content'
  return choices.length === 0 && usageOfChunk(chunk) !== undefined ? 'usage' : 'lifecycle'
}

function choiceHasContent(choice: Json | undefined): boolean {
  const text = choice?.['text']
  if (typeof text === 'string' && text !== '') return true
  const delta = asObject(choice?.['delta']) ?? asObject(choice?.['message'])
  return delta !== undefined && Object.entries(delta).some(([name, value]) => name !== 'role' && !isEmpty(value))
}

/** Unknown members count as content: what cannot be judged must not be held back or replayed elsewhere. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  const object = asObject(value)
  return object !== undefined && Object.keys(object).length === 0
}
