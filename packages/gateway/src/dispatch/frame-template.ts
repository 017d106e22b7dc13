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

export class FrameTemplate {
  #literals: readonly Uint8Array[] | undefined
  #last: Uint8Array | undefined
  #attempts = 0

  /** End of the event at `from` when it is like those seen before; -1 when it has to be looked at. */
  match(bytes: Uint8Array, from: number): number {
    const literals = this.#literals
    if (literals === undefined) return -1
    const last = literals.length - 1
    let at = from
    for (let index = 0; index <= last; index += 1) {
      const literal = literals[index]
      if (literal === undefined || at + literal.length > bytes.length) return -1
      for (let offset = 0; offset < literal.length; offset += 1) if (bytes[at + offset] !== literal[offset]) return -1
      at += literal.length
      if (index === last) return at
      const end = stringEnd(bytes, at, bytes.length)
      if (end <= at) return -1
      at = end
    }
    return -1
  }

  /** Takes in an event that was found to be content. */
  learn(frame: Uint8Array): void {
    if (this.#attempts >= learningAttempts || frame.byteLength > templateBytes) return
    const last = this.#last
    // A copy: the event is a view of a socket's buffer, which it would keep alive as long as the stream lasts.
    this.#last = Uint8Array.prototype.slice.call(frame)
    if (last === undefined) return
    const literals = learnLiterals(last, this.#last)
    if (literals === undefined) this.#attempts += 1
    else this.#literals = literals
  }
}
