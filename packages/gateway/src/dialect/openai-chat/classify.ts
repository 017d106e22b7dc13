/** Says what one event of a chat or completion stream is; content, the bulk of a stream, is recognised by its bytes. */
import type { FrameKind } from '@bud-foundry/core'
import { keyIs, skipString, skipValue } from '../json-scan.ts'
import { asArray, asObject, parseFrameData, readFrame, toBuffer } from '../sse-frame.ts'
import { usageOfChunk } from './usage.ts'

type Json = Readonly<Record<string, unknown>>

const quote = 0x22
/** First letter of `data:`; what starts otherwise may name its event. */
const letterD = 0x64
const comma = 0x2c
const colon = 0x3a
const closeBracket = 0x5d
const closeBrace = 0x7d

/*
 * Why searching for these bytes is safe: inside a JSON string every quote is preceded by a backslash, so `"delta":{` with no backslash before its
 * first quote can only be a field. Members that providers invent could still nest such a field, but never the model's or the user's text.
 */
const deltaKey = Buffer.from('"delta":{')
const finishBefore = Buffer.from('"finish_reason":"')
const errorKey = Buffer.from('"error":')
/** As a field, and as the `object` of vLLM's and SGLang's errors. */
const errorWord = Buffer.from('"error"')
/** Completions put their content beside the delta. */
const textKey = Buffer.from('"text":')
const doneLine = Buffer.from('data: [DONE]')

/**
 * Where the delta of recent chunks began. The chunks of one stream begin alike, member for member, so most are found without a search; a wrong
 * guess costs one.
 */
const guesses = new Int32Array(4)
let nextGuess = 0

function startsDelta(bytes: Buffer, at: number): boolean {
  for (let index = 0; index < deltaKey.length; index++) if (bytes[at + index] !== deltaKey[index]) return false
  return at > 0 && bytes[at - 1] !== 0x5c
}

/** Where `"delta":{` begins, -1 when it is not there or what stands before it ranks higher than content. */
function findDelta(bytes: Buffer): number {
  for (const guess of guesses) if (startsDelta(bytes, guess)) return guess
  const at = bytes.indexOf(deltaKey)
  if (at < 0 || !startsDelta(bytes, at)) return -1
  const before = bytes.subarray(0, at)
  if (before.indexOf(finishBefore) >= 0 || before.indexOf(errorKey) >= 0) return -1
  guesses[nextGuess] = at
  nextGuess = (nextGuess + 1) % guesses.length
  return at
}

/** Walks the members of an object whose `{` is at `open`; returns the position after its `}`, or -1 when it is not as compact as expected. */
function walkMembers(bytes: Buffer, open: number, onMember: (keyStart: number, valueStart: number, valueEnd: number) => void): number {
  if (bytes[open + 1] === closeBrace) return open + 2
  let at = open
  do {
    const keyStart = at + 1
    if (bytes[keyStart] !== quote) return -1
    const keyEnd = skipString(bytes, keyStart)
    if (bytes[keyEnd] !== colon) return -1
    at = skipValue(bytes, keyEnd + 1)
    onMember(keyStart, keyEnd + 1, at)
  } while (bytes[at] === comma)
  return bytes[at] === closeBrace ? at + 1 : -1
}

/** Every stream ends with it, written in this one way nearly always. */
function isDone(bytes: Buffer): boolean {
  if (bytes.length > doneLine.length + 4) return false
  for (let index = 0; index < doneLine.length; index++) if (bytes[index] !== doneLine[index]) return false
  for (let index = doneLine.length; index < bytes.length; index++) if ((bytes[index] ?? 0) > 0x20) return false
  return true
}

/**
 * What the bytes alone prove: content, a finish, or a role in the only choice of a compact chunk. Undefined leaves it to the parser, which costs
 * ten times as much.
 */
function classifyBytes(bytes: Buffer): FrameKind | undefined {
  if (isDone(bytes)) return 'end'
  const delta = findDelta(bytes)
  if (delta < 0) return undefined
  const seen = { content: false, finish: false }
  try {
    const deltaEnd = walkMembers(bytes, delta + deltaKey.length - 1, (keyStart, valueStart, valueEnd) => {
      seen.content ||= !isEmptyValue(bytes, valueStart, valueEnd) && !keyIs(bytes, keyStart, valueStart - 1, 'role')
    })
    if (deltaEnd < 0) return undefined
    // The rest of the choice reads like the members of an object whose `{` stands where the comma is.
    const choiceEnd =
      bytes[deltaEnd] === comma
        ? walkMembers(bytes, deltaEnd, (keyStart, valueStart) => {
            seen.finish ||= bytes[valueStart] === quote && keyIs(bytes, keyStart, valueStart - 1, 'finish_reason')
          })
        : bytes[deltaEnd] === closeBrace
          ? deltaEnd + 1
          : -1
    if (choiceEnd < 0 || bytes[choiceEnd] !== closeBracket) return undefined
    if (seen.content) return seen.finish ? 'finish' : 'content'
    return isBare(bytes, delta) && (seen.finish || bytes.indexOf(finishBefore) < 0) ? (seen.finish ? 'finish' : 'lifecycle') : undefined
  } catch {
    // Cut or garbled bytes: the parser decides.
    return undefined
  }
}

/** Whether an event without content in its delta can hold none elsewhere, nor an error. */
const isBare = (bytes: Buffer, delta: number): boolean =>
  bytes[0] === letterD && bytes.indexOf(deltaKey) === delta && bytes.indexOf(errorWord) < 0 && bytes.indexOf(textKey) < 0

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
