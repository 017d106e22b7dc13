/** Reads Universal Binary JSON (draft 12, big-endian), the binary form in which XGBoost saves models. */
import { simErrors } from '../errors.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const fail = (reason: string) => simErrors.TREE_MODEL_INVALID({ reason })
const deepest = 64

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #text = new TextDecoder()
  #position = 0
  #depth = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get done(): boolean {
    return this.#position === this.#bytes.length
  }

  #take(count: number): number {
    const start = this.#position
    if (count < 0 || count > this.#bytes.length - start) throw fail(`the file ends within a value at byte ${String(start)}`)
    this.#position += count
    return start
  }

  #marker(): string {
    return String.fromCharCode(this.#view.getUint8(this.#take(1)))
  }

  #peek(): string {
    return String.fromCharCode(this.#bytes[this.#position] ?? 0)
  }

  #length(): number {
    const value = this.value(this.#marker())
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > this.#bytes.length)
      throw fail(`a length before byte ${String(this.#position)} is ${JSON.stringify(value)}`)
    return value
  }

  #string(): string {
    const length = this.#length()
    const start = this.#take(length)
    return this.#text.decode(this.#bytes.subarray(start, start + length))
  }

  /** The element type and count that may follow an opening bracket. */
  #container(): { readonly type: string | undefined; readonly count: number | undefined } {
    let type: string | undefined
    if (this.#peek() === '$') {
      this.#take(1)
      type = this.#marker()
    }
    if (this.#peek() !== '#') {
      if (type !== undefined) throw fail(`a typed container before byte ${String(this.#position)} has no count`)
      return { type, count: undefined }
    }
    this.#take(1)
    return { type, count: this.#length() }
  }

  #array(): readonly Json[] {
    const { type, count } = this.#container()
    const values: Json[] = []
    if (count !== undefined) for (let index = 0; index < count; index += 1) values.push(this.value(type ?? this.#marker()))
    else {
      while (this.#peek() !== ']') values.push(this.value(this.#marker()))
      this.#take(1)
    }
    return values
  }

  #object(): Json {
    const { type, count } = this.#container()
    const entries: [string, Json][] = []
    const read = () => {
      const name = this.#string()
      entries.push([name, this.value(type ?? this.#marker())])
    }
    if (count !== undefined) for (let index = 0; index < count; index += 1) read()
    else {
      while (this.#peek() !== '}') read()
      this.#take(1)
    }
    return Object.fromEntries(entries)
  }

  #nested(read: () => Json): Json {
    this.#depth += 1
    if (this.#depth > deepest) throw fail(`values are nested deeper than ${String(deepest)}`)
    const value = read()
    this.#depth -= 1
    return value
  }

  #integer64(): number {
    const value = this.#view.getBigInt64(this.#take(8))
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
      throw fail(`the integer ${String(value)} is not exact in JavaScript`)
    return Number(value)
  }

  value(marker: string): Json {
    switch (marker) {
      case 'Z':
        return null
      case 'T':
        return true
      case 'F':
        return false
      case 'i':
        return this.#view.getInt8(this.#take(1))
      case 'U':
        return this.#view.getUint8(this.#take(1))
      case 'I':
        return this.#view.getInt16(this.#take(2))
      case 'l':
        return this.#view.getInt32(this.#take(4))
      case 'L':
        return this.#integer64()
      case 'd':
        return this.#view.getFloat32(this.#take(4))
      case 'D':
        return this.#view.getFloat64(this.#take(8))
      case 'C':
        return this.#marker()
      case 'S':
        return this.#string()
      case '[':
        return this.#nested(() => this.#array())
      case '{':
        return this.#nested(() => this.#object())
      default:
        throw fail(`the byte ${String(this.#position - 1)} is no UBJSON marker`)
    }
  }

  root(): Json {
    const value = this.value(this.#marker())
    if (!this.done) throw fail(`${String(this.#bytes.length - this.#position)} bytes follow the model`)
    return value
  }
}

/** The value that the bytes hold. @throws SIM_TREE_MODEL_INVALID with the position of the fault. */
export function decodeUbjson(bytes: Uint8Array): unknown {
  return new Reader(bytes).root()
}
