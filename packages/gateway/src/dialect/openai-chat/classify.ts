/** Says what one event of a chat or completion stream is; content, the bulk of a stream, is recognised by its bytes. */
import type { FrameKind } from '@bud-foundry/core'
import { keyIs, skipString, skipValue } from '../json-scan.ts'
import { asArray, asObject, parseFrameData, readFrame, toBuffer } from '../sse-frame.ts'
import { usageOfChunk } from './usage.ts'

type Json = Readonly<Record<string, unknown>>

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const openBracket = 0x5b
const openBrace = 0x7b
const closeBrace = 0x7d

const dataPrefix = Buffer.from('data: {')
const doneLine = Buffer.from('data: [DONE]')

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  for (let index = 0; index < prefix.length; index++) if (bytes[index] !== prefix[index]) return false
  return true
}

/** Every stream ends with it, written in this one way nearly always. */
function isDone(bytes: Buffer): boolean {
  if (bytes.length > doneLine.length + 4 || !startsWith(bytes, doneLine)) return false
  for (let index = doneLine.length; index < bytes.length; index++) if ((bytes[index] ?? 0) > 0x20) return false
  return true
}

/** What a walk over a chunk has found; one for all, because a walk never waits. `parse` leaves the chunk to the parser. */
const seen = { content: false, finish: false, choices: 0, parse: false }

type OnMember = (bytes: Buffer, keyStart: number, valueStart: number, valueEnd: number) => void

/** Walks the members of a compact object whose `{` is at `open`; the position after its `}`, or -1 when it is written otherwise. */
function walkMembers(bytes: Buffer, open: number, onMember: OnMember): number {
  if (bytes[open + 1] === closeBrace) return open + 2
  let at = open
  do {
    const keyStart = at + 1
    if (bytes[keyStart] !== quote) return -1
    const keyEnd = skipString(bytes, keyStart)
    if (bytes[keyEnd] !== colon) return -1
    at = skipValue(bytes, keyEnd + 1)
    onMember(bytes, keyStart, keyEnd + 1, at)
  } while (bytes[at] === comma)
  return bytes[at] === closeBrace ? at + 1 : -1
}

const onDeltaMember: OnMember = (bytes, keyStart, valueStart, valueEnd) => {
  seen.content ||= !isEmptyValue(bytes, valueStart, valueEnd) && !keyIs(bytes, keyStart, valueStart - 1, 'role')
}

const onChoiceMember: OnMember = (bytes, keyStart, valueStart, valueEnd) => {
  const keyEnd = valueStart - 1
  if (keyIs(bytes, keyStart, keyEnd, 'delta'))
    seen.parse ||= bytes[valueStart] !== openBrace || walkMembers(bytes, valueStart, onDeltaMember) < 0
  else if (keyIs(bytes, keyStart, keyEnd, 'finish_reason')) seen.finish ||= bytes[valueStart] === quote
  else if (keyIs(bytes, keyStart, keyEnd, 'text'))
    seen.content ||= bytes[valueStart] === quote && !isEmptyValue(bytes, valueStart, valueEnd)
  else if (keyIs(bytes, keyStart, keyEnd, 'message')) seen.parse = true
}

/** `object` tells vLLM's and SGLang's errors from chunks. */
const onChunkMember: OnMember = (bytes, keyStart, valueStart, valueEnd) => {
  const keyEnd = valueStart - 1
  if (keyIs(bytes, keyStart, keyEnd, 'choices')) walkChoices(bytes, valueStart)
  else if (keyIs(bytes, keyStart, keyEnd, 'error')) seen.parse ||= !isEmptyValue(bytes, valueStart, valueEnd)
  else if (keyIs(bytes, keyStart, keyEnd, 'object')) seen.parse ||= keyIs(bytes, valueStart, valueEnd, 'error')
}

function walkChoices(bytes: Buffer, open: number): void {
  if (bytes[open] !== openBracket) {
    seen.parse = true
    return
  }
  let at = open
  while (bytes[at + 1] === openBrace) {
    seen.choices += 1
    at = walkMembers(bytes, at + 1, onChoiceMember)
    if (at < 0 || bytes[at] !== comma) break
  }
  seen.parse ||= at < 0
}

/**
 * What one walk over the bytes proves, of a chunk in compact JSON with choices. Undefined leaves it to the parser, which costs several times as
 * much: other spellings, errors, and the chunk without choices that carries the counts.
 */
function classifyBytes(bytes: Buffer): FrameKind | undefined {
  if (isDone(bytes)) return 'end'
  if (!startsWith(bytes, dataPrefix)) return undefined
  seen.content = seen.finish = seen.parse = false
  seen.choices = 0
  try {
    const end = walkMembers(bytes, dataPrefix.length - 1, onChunkMember)
    if (end < 0 || !isBlankFrom(bytes, end) || seen.parse || seen.choices === 0) return undefined
  } catch {
    // Cut or garbled bytes: the parser decides.
    return undefined
  }
  return seen.finish ? 'finish' : seen.content ? 'content' : 'lifecycle'
}

function isBlankFrom(bytes: Buffer, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if ((bytes[at] ?? 0) > 0x20) return false
  return true
}

/** `""`, `[]`, `{}` and `null`. */
const isEmptyValue = (bytes: Buffer, start: number, end: number): boolean =>
  (end - start === 2 && !isDigit(bytes[start])) || (end - start === 4 && bytes[start] === 0x6e)

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39

/** Classifies an event of a chat or completion stream. */
export function classifyOpenaiFrame(frame: Uint8Array): FrameKind {
  const proven = classifyBytes(toBuffer(frame))
  if (proven !== undefined) return proven
  const parsed = readFrame(frame)
  if (parsed === undefined) return 'lifecycle'
  if (parsed.data.trim() === '[DONE]') return 'end'
  const chunk = parseFrameData(frame, parsed.data)
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
