/**
 * Recognises events that differ from earlier content events in nothing but the inside of JSON string values: the bulk of every stream.
 * Such an event is content too: its fields, numbers and nulls are the same, so it can hold no usage, error or reason to finish.
 * One pass over the bytes replaces finding the event's end and classifying it.
 */

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a

/** Pairs of events that may be compared in vain before a stream is taken for irregular. */
const learningAttempts = 16
/** Longer events are rare, and looking at them one by one costs little for their size. */
const templateBytes = 4_096

/** Position of the quote that closes the string whose first byte is at `from`; -1 when it does not close before `end`. */
function stringEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end) {
    const byte = bytes[at]
    if (byte === quote) return at
    // A line end inside a string is no JSON: the event is broken off there.
    if (byte === undefined || byte < 0x20) return -1
    at += byte === backslash ? 2 : 1
  }
  return -1
}

/** The literal parts around the string values in which two events differ; undefined when they differ elsewhere, or nowhere. */
export function learnLiterals(left: Uint8Array, right: Uint8Array): readonly Uint8Array[] | undefined {
  const literals: Uint8Array[] = []
  let literalStart = 0
  /** First byte of the string that `l` is in, -1 outside of strings. */
  let stringStart = -1
  let l = 0
  let r = 0
  while (l < left.length || r < right.length) {
    const byte = left[l]
    if (byte !== undefined && byte === right[r]) {
      if (byte === quote) stringStart = stringStart === -1 ? l + 1 : -1
      // What a backslash escapes is no quote; if it differs, the next step sees a string that differs.
      else if (byte === backslash && stringStart !== -1 && left[l + 1] === right[r + 1]) {
        l += 1
        r += 1
      }
      l += 1
      r += 1
      continue
    }
    if (stringStart === -1) return undefined
    const shift = r - l
    const leftEnd = stringEnd(left, stringStart, left.length)
    const rightEnd = stringEnd(right, stringStart + shift, right.length)
    // An empty text can make an event another kind, and a field name is no value.
    if (leftEnd <= stringStart || rightEnd <= stringStart + shift || left[leftEnd + 1] === colon) return undefined
    literals.push(left.subarray(literalStart, stringStart))
    literalStart = leftEnd
    stringStart = -1
    l = leftEnd + 1
    r = rightEnd + 1
  }
  if (literals.length === 0) return undefined
  literals.push(left.subarray(literalStart))
  return literals
}

/** End of the event at `from`, -1 when it is not made of these literals and of strings between them. */
function matchOne(bytes: Uint8Array, view: DataView, from: number, literals: readonly Literal[]): number {
  const last = literals.length - 1
  let at = from
  for (let index = 0; index <= last; index += 1) {
    const literal = literals[index]
    if (literal === undefined || at + literal.length > bytes.length || !startsWith(view, at, literal)) return -1
    at += literal.length
    if (index === last) return at
    const end = stringEnd(bytes, at, bytes.length)
    if (end <= at) return -1
    at = end
  }
  return -1
}

/** A literal part as it is compared: four bytes at a time, then what is left. */
interface Literal {
  readonly length: number
  readonly words: Int32Array
  readonly rest: Uint8Array
}

function toLiteral(bytes: Uint8Array): Literal {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const words = new Int32Array(bytes.length >>> 2)
  for (let index = 0; index < words.length; index += 1) words[index] = view.getInt32(index * 4, true)
  // A copy: the event is a view of a socket's buffer, which it would keep alive as long as the stream lasts.
  return { length: bytes.length, words, rest: Uint8Array.prototype.slice.call(bytes, words.length * 4) }
}

/** Whether the bytes at `at` are the literal's; the caller knows that there are as many. */
function startsWith(view: DataView, at: number, { words, rest }: Literal): boolean {
  let position = at
  // Unaligned reads of a DataView become one machine instruction each: a quarter of the steps of comparing bytes.
  for (let index = 0; index < words.length; index += 1, position += 4) if (view.getInt32(position, true) !== words[index]) return false
  for (let index = 0; index < rest.length; index += 1, position += 1) if (view.getUint8(position) !== rest[index]) return false
  return true
}

/** Names of the fields that hold the text of a content event, in every dialect. */
const textKeys = ['content', 'text', 'reasoning_content', 'thinking', 'partial_json'].map((name) => Buffer.from(`"${name}":"`))

/** The parts around the text of one event; undefined when it has none by a known name. An unescaped quote before a name is never inside a text. */
export function textLiterals(frame: Buffer): readonly Uint8Array[] | undefined {
  for (const key of textKeys) {
    const at = frame.indexOf(key)
    if (at < 1 || frame[at - 1] === backslash) continue
    const start = at + key.length
    const end = stringEnd(frame, start, frame.length)
    return end > start ? [frame.subarray(0, start), frame.subarray(end)] : undefined
  }
  return undefined
}

export class FrameTemplate {
  /** Events passed over until now, all of them content. */
  skipped = 0
  /** Bytes of what they were. */
  skippedBytes = 0
  /** Bytes of an event that are the same in all of them; 0 until that is known. */
  literalBytes = 0
  #literals: readonly Literal[] | undefined
  #last: Uint8Array | undefined
  #attempts = 0

  /** The newest event that was looked at, undefined before the first one. */
  get newest(): Uint8Array | undefined {
    return this.#last
  }

  /** End of the last of the events from `from` on that are like those seen before; `from` when the first one has to be looked at. */
  skip(bytes: Uint8Array, from: number): number {
    const literals = this.#literals
    if (literals === undefined || from === bytes.length) return from
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let at = from
    for (let end = matchOne(bytes, view, at, literals); end !== -1; end = matchOne(bytes, view, at, literals)) {
      at = end
      this.skipped += 1
    }
    this.skippedBytes += at - from
    return at
  }

  /** Takes in an event that was found to be content. Its text is what changes; where more does, the difference of two events tells what. */
  learn(frame: Buffer): void {
    if (this.#attempts >= learningAttempts || frame.byteLength > templateBytes) return
    if (this.#attempts === 0) {
      this.#attempts = 1
      const literals = textLiterals(frame)
      if (literals === undefined) this.#last = Uint8Array.prototype.slice.call(frame)
      else this.#use(literals)
      return
    }
    const last = this.#last
    // A copy, for the same reason.
    this.#last = Uint8Array.prototype.slice.call(frame)
    if (last === undefined) return
    const literals = learnLiterals(last, this.#last)
    if (literals === undefined) this.#attempts += 1
    else this.#use(literals)
  }

  #use(literals: readonly Uint8Array[]): void {
    this.#literals = literals.map(toLiteral)
    this.literalBytes = literals.reduce((sum, literal) => sum + literal.length, 0)
  }
}
