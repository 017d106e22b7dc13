/** Where text stands in the JSON of requests, answers and stream events: found by place, so that fields nobody has heard of are read too. */
import { exactDigits, parseExact } from '../dialect/exact-json.ts'
import { asArray, asNumber, asObject, asString } from '../dialect/sse-frame.ts'
import { textDepth } from './guardrail-limits.ts'

export type JsonObject = Readonly<Record<string, unknown>>
type Writable = Record<string, unknown>

/**
 * `plain` and `json` go on from event to event of a stream (`json`: the text is JSON itself, a tool call's arguments); `whole` stands for itself.
 */
export interface TextSlot {
  /** The same for all pieces of one text; begins with the number of the choice or block and a slash. */
  readonly key: string
  readonly mode: 'plain' | 'json' | 'whole'
  readonly text: string
  set(text: string): void
}

/** Words of the protocol, ids and bytes, in answers. */
const notText = new Set([
  'role',
  'type',
  'id',
  'object',
  'model',
  'finish_reason',
  'native_finish_reason',
  'stop_reason',
  'signature',
  'encrypted_content',
  'encrypted_index',
  'data',
  'media_type',
  'tool_use_id',
  'format',
  'status',
  'expires_at',
])
/** Fields of an answer that come whole, even in a stream. */
const wholeText = new Set(['name', 'url', 'title', 'cited_text', 'document_title', 'page_age', 'filename', 'source'])
const jsonText = new Set(['arguments', 'partial_json'])

interface Walk {
  readonly slots: TextSlot[]
  /** Whether nested strings come whole, because only the outermost of this dialect's come in pieces. */
  readonly nestedWhole: boolean
}

function walk(at: Walk, holder: unknown, key: string, depth: number): void {
  if (depth > textDepth || typeof holder !== 'object' || holder === null) return
  // Objects and arrays of parsed JSON alike are written by key.
  const fields = holder as Writable
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'logprobs') {
      // They spell the answer out a second time.
      fields[name] = null
    } else if (typeof value === 'string') {
      if (notText.has(name) || value === '') continue
      const isWhole = wholeText.has(name) || (at.nestedWhole && depth > 0)
      const mode = isWhole ? 'whole' : jsonText.has(name) ? 'json' : 'plain'
      at.slots.push({ key: `${key}/${name}`, mode, text: value, set: (text) => (fields[name] = text) })
    } else if (name === 'input' && asObject(value) !== undefined) {
      if (Object.keys(value ?? {}).length === 0) continue
      at.slots.push({
        key: `${key}/${name}`,
        mode: 'json',
        text: JSON.stringify(value),
        set: (text) => void (fields[name] = parseExact(text)),
      })
    } else if (exactDigits(value) === undefined)
      walk(at, value, `${key}/${Array.isArray(holder) ? String(asNumber(asObject(value)?.['index']) ?? name) : name}`, depth + 1)
  }
}

/** Text in a whole answer or one stream event of any of the dialects. */
export function answerSlots(json: JsonObject): readonly TextSlot[] {
  const slots: TextSlot[] = []
  for (const [position, choice] of asArray(json['choices']).entries()) {
    const fields = asObject(choice)
    if (fields === undefined) continue
    // Parsed JSON is ours to change.
    walk({ slots, nestedWhole: false }, fields, String(asNumber(fields['index']) ?? position), 0)
  }
  const type = asString(json['type'])
  const index = String(asNumber(json['index']) ?? 0)
  if (type === 'content_block_start') walk({ slots, nestedWhole: true }, json['content_block'], index, 0)
  else if (type === 'content_block_delta') walk({ slots, nestedWhole: true }, json['delta'], index, 0)
  else if (type === 'message')
    for (const [position, block] of asArray(json['content']).entries()) walk({ slots, nestedWhole: true }, block, String(position), 0)
  return slots
}

/** Beginnings of the keys whose texts end with this event; the empty one for all. */
export function endedKeys(json: JsonObject): readonly string[] {
  const type = asString(json['type'])
  if (type === 'content_block_stop') return [`${String(asNumber(json['index']) ?? 0)}/`]
  if (type === 'message_delta' || type === 'message_stop') return ['']
  const ended: string[] = []
  for (const [position, choice] of asArray(json['choices']).entries()) {
    const fields = asObject(choice)
    if (fields?.['finish_reason'] != null) ended.push(`${String(asNumber(fields['index']) ?? position)}/`)
  }
  return ended
}

/** Whether an event says nothing once its texts are empty. */
export function isOnlyText(json: JsonObject): boolean {
  if (json['type'] === 'content_block_delta') return true
  const choices = asArray(json['choices'])
  if (choices.length === 0 || json['usage'] != null) return false
  return choices.every((choice) => {
    const fields = asObject(choice)
    const delta = asObject(fields?.['delta'])
    const hasRest =
      fields?.['finish_reason'] != null || Object.entries(delta ?? {}).some(([, value]) => typeof value !== 'string' && value !== null)
    return !hasRest && delta?.['role'] === undefined
  })
}

/** Words of the protocol, ids and bytes, in requests. */
const notRequestText = new Set([
  'model',
  'role',
  'type',
  'id',
  'tool_call_id',
  'tool_use_id',
  'user',
  'user_id',
  'media_type',
  'format',
  'detail',
  'signature',
  'encrypted_content',
  'service_tier',
  'reasoning_effort',
  'effort',
  'encoding_format',
  'file_id',
  '$ref',
])

export interface RequestText {
  readonly text: string
  /** Whether the text is JSON itself. */
  readonly json: boolean
  set(text: string): void
}

const base64 = /^[\w+/=\r\n-]*$/
const base64Url = /^data:[\w.+-]+\/[\w.+-]+(?:;[\w.+-]+=[\w.+-]+)*;base64,[\w+/=\r\n-]*$/
const urlNames = new Set(['url', 'image_url', 'file_data'])

/** Whether a protocol's field holds bytes; both its name and what it holds must say so, for a caller chooses what it holds. */
function isBytes(fields: JsonObject, name: string, value: string): boolean {
  // A part's base64 source, or the input_audio of another dialect.
  const isSource = fields['type'] === 'base64' && typeof fields['media_type'] === 'string'
  const isAudio = fields['type'] === undefined && typeof fields['format'] === 'string'
  if (name === 'data') return (isSource || isAudio || fields['type'] === 'redacted_thinking') && base64.test(value)
  return urlNames.has(name) && base64Url.test(value)
}

/** Every text that a caller has written into a body, whatever the field. `onTooDeep` hears that some stands too deep to be read; it may throw. */
export function requestTexts(body: JsonObject, onTooDeep: () => void): readonly RequestText[] {
  const texts: RequestText[] = []
  /** `isOwn`: below here the caller's own words name the fields, and nothing is a word of the protocol. */
  const visit = (holder: unknown, depth: number, isOwn: boolean): void => {
    if (typeof holder !== 'object' || holder === null) return
    if (depth > textDepth) {
      onTooDeep()
      return
    }
    const fields = holder as Writable
    for (const [name, value] of Object.entries(fields)) {
      const digits = exactDigits(value)
      if (digits !== undefined) {
        const set = (text: string) => {
          if (text !== digits) fields[name] = text
        }
        texts.push({ text: digits, json: false, set })
      } else if (typeof value !== 'string') visit(value, depth + 1, isOwn || (name === 'input' && fields['type'] === 'tool_use'))
      else if (value !== '' && (isOwn || Array.isArray(holder) || !(notRequestText.has(name) || isBytes(fields, name, value))))
        texts.push({ text: value, json: name === 'arguments', set: (text) => (fields[name] = text) })
    }
  }
  visit(body, 0, false)
  return texts
}
