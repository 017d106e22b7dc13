/** Reads one server-sent event from its bytes, and writes one. */

const utf8 = new TextDecoder()
const encoder = new TextEncoder()

/** A view of the same memory with the native searches of Buffer. */
export const toBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export interface SseFrame {
  readonly event: string | undefined
  readonly data: string
}

/** The fields of one event, by the rules of the HTML standard (section "Server-sent events"); undefined when it has no data. */
export function parseFrame(frame: Uint8Array): SseFrame | undefined {
  let event: string | undefined
  let data: string | undefined
  for (const line of utf8.decode(frame).split(/\r\n|\r|\n/)) {
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1)
    if (name === 'event') event = value
    else if (name === 'data') data = data === undefined ? value : `${data}\n${value}`
  }
  return data === undefined ? undefined : { event, data }
}

const linePrefix = Buffer.from('data: ')
const lineFeed = 0x0a
const carriageReturn = 0x0d

/** The data of an event that is one `data: …` line and nothing else, as nearly all are; undefined leaves it to `parseFrame`. */
function singleLineData(frame: Uint8Array): string | undefined {
  const bytes = toBuffer(frame)
  for (let index = 0; index < linePrefix.length; index += 1) if (bytes[index] !== linePrefix[index]) return undefined
  const end = bytes.indexOf(lineFeed)
  if (end < 0 || bytes[end + 1] !== lineFeed || bytes.length !== end + 2 || bytes.indexOf(carriageReturn) >= 0) return undefined
  return bytes.toString('utf8', linePrefix.length, end)
}

/** The event and its data; what `parseFrame` says, sooner for the one form that nearly all events have. */
export function readFrame(frame: Uint8Array): SseFrame | undefined {
  const data = singleLineData(frame)
  return data === undefined ? parseFrame(frame) : { event: undefined, data }
}

/** The event whose data was parsed last: who classifies it and who reads its counts ask one after the other. */
let lastFrame: Uint8Array | undefined
let lastJson: Readonly<Record<string, unknown>> | undefined

/** The parsed data of one event; undefined when there is none or it is no JSON object. */
export function frameJson(frame: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  return frame === lastFrame ? lastJson : parseFrameData(frame, readFrame(frame)?.data)
}

/** Parses the data that `readFrame` found in an event. */
export function parseFrameData(frame: Uint8Array, data: string | undefined): Readonly<Record<string, unknown>> | undefined {
  lastJson = parseObject(data)
  lastFrame = frame
  return lastJson
}

/** The object that `text` says in JSON, undefined when it says none. */
export function parseObject(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined
  try {
    return asObject(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** The value when it is an object, not an array and not null. */
export const asObject = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  // An object that is neither null nor an array has string keys and unknown values.
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined

/** The value when it is an array, else an empty one. */
export const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The value when it is a finite number. */
export const asNumber = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)

/** The value when it can be a count. */
export const asCount = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined

/** The value when it is a string. */
export const asString = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

export const encodeJson = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value))

/** `data: …` alone, as OpenAI frames it. */
export const dataFrame = (value: unknown): Uint8Array => encoder.encode(`data: ${JSON.stringify(value)}\n\n`)

/** `event: …` and `data: …`, as Anthropic frames it. */
export const eventFrame = (event: string, value: unknown): Uint8Array =>
  encoder.encode(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`)
