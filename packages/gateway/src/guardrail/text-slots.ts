/** Where text stands in the JSON of answers and stream events: found by place, so that fields nobody has heard of are read too. */
import { exactDigits, parseExact } from '../dialect/exact-json.ts'
import { asArray, asNumber, asObject, asString } from '../dialect/sse-frame.ts'
import { textDepth } from './guardrail-limits.ts'

export type JsonObject = Readonly<Record<string, unknown>>
type Writable = Record<string, unknown>

export interface TextSlot {
  /** The same for all pieces of one text; begins with the number of the choice or block and a slash. */
  readonly key: string
  /** The same for texts that a caller reads as one. */
  readonly channel: string
  /**
   * How it comes in a stream: in `pieces` that may be held back; `at-once`, which callers take from one event, perhaps with more of it in another;
   * `whole`, and stands for itself.
   */
  readonly mode: 'pieces' | 'at-once' | 'whole'
  /** Whether the text is JSON itself: a tool call's arguments. */
  readonly json: boolean
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
const wholeText = new Set(['url', 'title', 'cited_text', 'document_title', 'page_age', 'filename', 'source'])
const jsonText = new Set(['arguments', 'partial_json'])

/** Texts of an event or an answer. */
export interface AnswerTexts {
  readonly slots: readonly TextSlot[]
  /** Whether something was taken out that says them a second time. */
  readonly stripped: boolean
}

interface Walk {
  readonly slots: TextSlot[]
  stripped: boolean
  /** Whether nested strings come whole, because only the outermost of this dialect's come in pieces. */
  nestedWhole: boolean
}

/** An answer's blocks of text, and the parts of a content, are one text to whoever reads them. */
function channelOf(at: Walk, key: string, depth: number): string {
  if (!key.endsWith('/text')) return key
  if (at.nestedWhole) return depth === 0 ? 'text' : key
  return depth > 1 ? key.replace(/\/content\/[^/]+\/text$/, '/content/text') : key
}

function walk(at: Walk, holder: unknown, key: string, depth: number): void {
  if (depth > textDepth || typeof holder !== 'object' || holder === null) return
  // Objects and arrays of parsed JSON alike are written by key.
  const fields = holder as Writable
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'logprobs') {
      // They spell the answer out a second time.
      at.stripped ||= value !== null
      fields[name] = null
    } else if (typeof value === 'string') {
      if (notText.has(name) || value === '') continue
      const isWhole = wholeText.has(name) || (at.nestedWhole && depth > 0)
      const mode = isWhole ? 'whole' : name === 'name' ? 'at-once' : 'pieces'
      const ownKey = `${key}/${name}`
      at.slots.push({
        key: ownKey,
        channel: isWhole ? ownKey : channelOf(at, ownKey, depth),
        mode,
        json: jsonText.has(name),
        text: value,
        set: (text) => (fields[name] = text),
      })
    } else if (name === 'input' && asObject(value) !== undefined) {
      if (Object.keys(value ?? {}).length === 0) continue
      at.slots.push({
        key: `${key}/${name}`,
        channel: `${key}/${name}`,
        mode: 'whole',
        json: true,
        text: JSON.stringify(value),
        set: (text) => void (fields[name] = text === '' ? {} : parseExact(text)),
      })
    } else if (exactDigits(value) === undefined)
      walk(at, value, `${key}/${Array.isArray(holder) ? String(asNumber(asObject(value)?.['index']) ?? name) : name}`, depth + 1)
  }
}

/** Text in a whole answer or one stream event of any of the dialects; takes probabilities out of it. */
export function answerTexts(json: JsonObject): AnswerTexts {
  const at: Walk = { slots: [], stripped: false, nestedWhole: false }
  for (const [position, choice] of asArray(json['choices']).entries()) {
    const fields = asObject(choice)
    if (fields === undefined) continue
    // Parsed JSON is ours to change.
    walk(at, fields, String(asNumber(fields['index']) ?? position), 0)
  }
  const type = asString(json['type'])
  const index = String(asNumber(json['index']) ?? 0)
  at.nestedWhole = true
  if (type === 'content_block_start') walk(at, json['content_block'], index, 0)
  else if (type === 'content_block_delta') walk(at, json['delta'], index, 0)
  else if (type === 'message') for (const [position, block] of asArray(json['content']).entries()) walk(at, block, String(position), 0)
  return at
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
