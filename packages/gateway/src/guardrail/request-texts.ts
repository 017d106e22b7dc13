/** Every text of a request that may reach a model: told by place, so that no field's name or form keeps a text from being read. */
import { exactDigits } from '../dialect/exact-json.ts'
import { textDepth } from './guardrail-limits.ts'
import { isJson } from './is-json.ts'
import { isFieldName, isProtocolValue, isSchemaName, isSchemaValue } from './protocol-words.ts'
import type { JsonObject } from './text-slots.ts'

type Writable = Record<string, unknown>

/**
 * Where an object or array of a body stands, which decides what in it is a text:
 * - `body`: names of its fields are the protocol's; `user` and `model` reach no model.
 * - `metadata`: of OpenAI and Anthropic; `user_id` reaches no model.
 * - `messages`, `message`, `parts`, `part`: names that the protocol knows are its own; what the parts of one array say belongs together.
 * - `bytes`: what a part holds in place of text, perhaps as base64.
 * - `setting`: whatever else a protocol, or an engine, has; names that protocols know are theirs.
 * - `schema`: tools and schemas, whose names the caller chooses but for those of JSON Schema.
 * - `input`: of a tool call, where everything is the caller's own.
 */
type Place = 'body' | 'metadata' | 'messages' | 'message' | 'parts' | 'part' | 'bytes' | 'setting' | 'schema' | 'input'

export type Rank = 0 | 1 | 2

export interface RequestText {
  text: string
  /** Whether the text is JSON itself. */
  readonly json: boolean
  /** Texts with the same group follow each other in what the model reads. */
  readonly group: object | undefined
  /** How surely a model reads it with the others of its group: 0 as their texts, 1 as all that its part says, 2 as something beside that. */
  readonly rank: Rank
  /** Puts the text in the place of the one before; undefined for what cannot be replaced, the names of fields. */
  readonly set: ((text: string) => void) | undefined
}

const callPlaces: Readonly<Record<string, Place>> = { function: 'message', function_call: 'message', arguments: 'input', input: 'input' }
const bytesPlaces: Readonly<Record<string, Place>> = { source: 'bytes', input_audio: 'bytes', image_url: 'bytes', file: 'bytes' }
const partsPlaces: Readonly<Record<string, Place>> = { content: 'parts', output: 'parts', summary: 'parts' }
const schemaPlaces: Readonly<Record<string, Place>> = Object.fromEntries(
  ['tools', 'functions', 'response_format', 'text', 'output_config', 'output_format', 'guided_json', 'structured_outputs', 'schema']
    .concat(['json_schema', 'parameters', 'input_schema'])
    .map((name) => [name, 'schema']),
)

/** By the names of fields; anything else is a setting. */
const placesOf: Readonly<Record<Exclude<Place, 'messages' | 'parts' | 'schema' | 'input'>, ReadonlyMap<string, Place>>> = {
  body: new Map(Object.entries({ ...schemaPlaces, messages: 'messages', input: 'messages', system: 'parts', metadata: 'metadata' })),
  metadata: new Map(),
  message: new Map(Object.entries({ ...schemaPlaces, ...partsPlaces, ...callPlaces, tool_calls: 'messages' })),
  part: new Map(Object.entries({ ...partsPlaces, ...bytesPlaces, ...callPlaces })),
  bytes: new Map(Object.entries(partsPlaces)),
  setting: new Map(Object.entries(schemaPlaces)),
}

function placeOf(place: Place, name: string): Place {
  switch (place) {
    case 'messages':
      return 'message'
    case 'parts':
      return 'part'
    case 'schema':
    case 'input':
      return place
    case 'body':
    case 'metadata':
    case 'message':
    case 'part':
    case 'bytes':
    case 'setting':
      return placesOf[place].get(name) ?? 'setting'
  }
}

const base64 = /^[\w+/=\r\n-]*$/
const base64Url = /^data:[\w.+-]+\/[\w.+-]+(?:;[\w.+-]+=[\w.+-]+)*;base64,[\w+/=\r\n-]*$/
const urlNames = new Set(['url', 'image_url', 'file_data'])

const opaqueTypes = new Set<unknown>(['thinking', 'redacted_thinking', 'reasoning', 'web_search_result'])

/** Whether a protocol's field holds bytes; its place, its name, its holder and what it holds must all say so, for a caller chooses what it holds. */
function isBytes(place: Place, fields: JsonObject, name: string, value: string): boolean {
  if (place !== 'bytes' && place !== 'part' && place !== 'message') return false
  if (urlNames.has(name)) return base64Url.test(value)
  if (!base64.test(value)) return false
  // What only its provider can read.
  if (opaqueTypes.has(fields['type'])) return name === 'data' || name === 'signature' || name === 'encrypted_content'
  const isSource = fields['type'] === 'base64' && typeof fields['media_type'] === 'string'
  const isSound = fields['type'] === undefined && typeof fields['format'] === 'string'
  return place === 'bytes' && name === 'data' && (isSource || isSound)
}

function isUnread(place: Place, fields: JsonObject, name: string, value: string): boolean {
  switch (place) {
    case 'body':
      return name === 'model' || name === 'user' || isProtocolValue(name, value)
    case 'metadata':
      return name === 'user_id'
    case 'message':
    case 'part':
    case 'bytes':
    case 'setting':
    case 'schema':
      return isProtocolValue(name, value) || isBytes(place, fields, name, value)
    case 'messages':
    case 'parts':
    case 'input':
      return false
  }
}

/** Whether a field's name is the caller's own. */
function isOwnName(place: Place, name: string): boolean {
  switch (place) {
    case 'input':
      return true
    case 'schema':
      return !isSchemaName(name)
    case 'metadata':
      return name !== 'user_id'
    case 'message':
    case 'part':
    case 'bytes':
    case 'setting':
      return !isFieldName(name)
    case 'body':
    case 'messages':
    case 'parts':
      return false
  }
}

/** Whether a model may read a number as a text; those of long digits are read everywhere. */
const isNumberText = (place: Place, name: string): boolean =>
  numberPlaces.has(place) ||
  (place === 'schema' && isSchemaValue(name)) ||
  (partNumbers.has(name) && (place === 'message' || place === 'part'))
const numberPlaces: ReadonlySet<Place> = new Set(['input', 'setting', 'parts'])
const partNumbers = new Set(['content', 'text', 'arguments', 'name', 'output'])

/** Of a call, as the model wrote it: JSON nearly always. */
const isArguments = (place: Place, name: string): boolean => (place === 'message' || place === 'part') && name === 'arguments'

/** Whether what stands there is said in one breath with what its neighbours say. */
const isSaid = (place: Place, isList: boolean): boolean => (isList ? place === 'parts' : place === 'part' || place === 'bytes')

/** Of a part without a text, whatever else it may say: a refusal, or what parts of tomorrow have. */
const isSpeech = (place: Place, fields: JsonObject, name: string): boolean =>
  place === 'part' && typeof fields['text'] !== 'string' && !sideNames.has(name)
const sideNames = new Set(['type', 'id', 'name', 'role', 'status', 'call_id', 'tool_use_id', 'format', 'signature', 'title'])

interface TextFacts {
  readonly json?: boolean
  readonly group: object | undefined
  readonly rank?: Rank
}

class RequestReader {
  readonly texts: RequestText[] = []
  readonly #onTooDeep: () => void

  constructor(onTooDeep: () => void) {
    this.#onTooDeep = onTooDeep
  }

  visit(holder: object, place: Place, depth: number, group: object | undefined): void {
    if (depth > textDepth) {
      this.#onTooDeep()
      return
    }
    // Objects and arrays of parsed JSON alike are written by key.
    const fields = holder as Writable
    const isList = Array.isArray(holder)
    for (const [name, value] of Object.entries(fields)) {
      if (!isList && isOwnName(place, name)) this.#addName(name)
      const digits = exactDigits(value) ?? (typeof value === 'number' && isNumberText(place, name) ? String(value) : undefined)
      if (digits !== undefined) this.#add(fields, name, digits, { group: undefined })
      else if (typeof value === 'string') {
        if (value === '' || (!isList && isUnread(place, fields, name, value))) continue
        this.#add(fields, name, value, {
          json: isArguments(place, name) && isJson(value),
          group: isSaid(place, isList) ? (group ?? holder) : undefined,
          rank: isList || name === 'text' ? 0 : isSpeech(place, fields, name) ? 1 : 2,
        })
      } else if (typeof value === 'object' && value !== null) {
        // What is no array in the place of one is the item that it would have.
        const next = placeOf(place, name)
        const inside = isListed(next) && !Array.isArray(value) ? placeOf(next, '') : next
        this.visit(value, inside, depth + 1, isList ? (group ?? holder) : inside === 'bytes' ? group : undefined)
      }
    }
  }

  #addName(name: string): void {
    this.texts.push({ text: name, json: false, group: undefined, rank: 2, set: undefined })
  }

  #add(fields: Writable, name: string, text: string, { json = false, group, rank = 2 }: TextFacts): void {
    const entry: RequestText = {
      text,
      json,
      group,
      rank,
      set: (replaced) => {
        if (replaced === entry.text) return
        entry.text = replaced
        fields[name] = replaced
      },
    }
    this.texts.push(entry)
  }
}

const isListed = (place: Place): boolean => place === 'messages' || place === 'parts'

/** `onTooDeep` hears that some text stands too deep to be read; it may throw. */
export function requestTexts(body: JsonObject, onTooDeep: () => void): readonly RequestText[] {
  const reader = new RequestReader(onTooDeep)
  reader.visit(body, 'body', 0, undefined)
  return reader.texts
}
