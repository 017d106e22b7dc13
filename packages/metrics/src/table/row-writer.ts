/** Writes values in ClickHouse's RowBinary format into memory that is used again and again. */

const startBytes = 256 * 1024
/** Decimal(18, 12) ends there; sums of it do not. */
const usdEnd = 1_000_000
/** A string this short is written faster by a loop than by a call into the runtime. */
const loopChars = 48

/** Value of a hexadecimal digit by its character code; 255 for others. */
const digits = new Uint8Array(256).fill(255)
for (const [value, digit] of Array.from('0123456789abcdef').entries()) digits[digit.charCodeAt(0)] = value

function refuse(value: unknown, expected: string): never {
  throw new TypeError(`${String(value)} is not ${expected}`)
}

/** Throws TypeError for what is no such value. One writer per sink: not reentrant, and the bytes of `take` are valid until the next row begins. */
export class RowWriter {
  #bytes = Buffer.allocUnsafe(startBytes)
  #end = 0

  /** What was written since the last call. */
  take(): Buffer {
    const rows = this.#bytes.subarray(0, this.#end)
    this.#end = 0
    return rows
  }

  get length(): number {
    return this.#end
  }

  /** Forgets what came after `length`. */
  cutTo(length: number): void {
    this.#end = length
  }

  text(value: string | undefined): void {
    if (value === undefined || value === '') {
      this.#reserve(1)
      this.#bytes[this.#end++] = 0
      return
    }
    if (typeof value !== 'string') refuse(value, 'a text')
    const { length } = value
    this.#reserve(length * 3 + 5)
    if (length >= loopChars || !this.#ascii(value, length)) this.#utf8(value, length)
  }

  bool(value: boolean | undefined): void {
    this.#reserve(1)
    this.#bytes[this.#end++] = value === true ? 1 : 0
  }

  int32(value: number): void {
    if (!Number.isFinite(value)) refuse(value, 'a number')
    this.#reserve(4)
    this.#end = this.#bytes.writeInt32LE(Math.max(-2_147_483_647, Math.min(Math.round(value), 2_147_483_647)), this.#end)
  }

  /** A whole number from 0 and below 2^53, up to which numbers are exact. */
  uint64(value: number): void {
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) refuse(value, 'a number from 0 and below 2^53')
    this.#reserve(8)
    const high = value >= 4_294_967_296 ? Math.floor(value / 4_294_967_296) : 0
    const bytes = this.#bytes
    let end = this.#end
    const low = value - high * 4_294_967_296
    bytes[end++] = low
    bytes[end++] = low >>> 8
    bytes[end++] = low >>> 16
    bytes[end++] = low >>> 24
    bytes[end++] = high
    bytes[end++] = high >>> 8
    bytes[end++] = high >>> 16
    bytes[end++] = high >>> 24
    this.#end = end
  }

  /** Milliseconds as whole microseconds. */
  micros(ms: number): void {
    this.uint64(Math.round(ms * 1000))
  }

  present(isPresent: boolean): void {
    this.#reserve(1)
    this.#bytes[this.#end++] = isPresent ? 0 : 1
  }

  microsOrNull(ms: number | undefined): void {
    this.present(ms !== undefined)
    if (ms !== undefined) this.micros(ms)
  }

  uint64OrNull(value: number | undefined): void {
    this.present(value !== undefined)
    if (value !== undefined) this.uint64(value)
  }

  /** US dollars to twelve decimals, as Decimal(18, 12). */
  moneyOrNull(usd: number | undefined): void {
    this.present(usd !== undefined)
    if (usd === undefined) return
    if (!(usd >= 0 && usd < usdEnd)) refuse(usd, 'an amount in US dollars from 0 and below a million')
    // Up to here a double holds every unit of the last decimal.
    if (usd < 9_000) {
      this.uint64(Math.round(usd * 1e12))
      return
    }
    this.#reserve(8)
    this.#end = this.#bytes.writeBigInt64LE(BigInt(Math.round(usd * 1e6)) * 1_000_000n, this.#end)
  }

  floatOrNull(value: number | undefined): void {
    this.present(value !== undefined)
    if (value === undefined) return
    this.#reserve(4)
    this.#end = this.#bytes.writeFloatLE(value, this.#end)
  }

  /** Number of the elements that follow. */
  size(count: number): void {
    this.#reserve(5)
    this.#varint(count)
  }

  /** 32 hexadecimal digits, with hyphens when `step` says so; false, and nothing written, when the text is anything else. */
  uuid(value: string, hyphens: boolean): boolean {
    if (value.length !== (hyphens ? 36 : 32)) return false
    this.#reserve(16)
    const bytes = this.#bytes
    const end = this.#end
    let at = 0
    for (let index = 0; index < 16; index += 1) {
      if (hyphens && (index === 4 || index === 6 || index === 8 || index === 10) && value.charCodeAt(at++) !== 45) return false
      const high = digits[value.charCodeAt(at) & 255] ?? 255
      const low = digits[value.charCodeAt(at + 1) & 255] ?? 255
      if (high === 255 || low === 255 || value.charCodeAt(at) > 255 || value.charCodeAt(at + 1) > 255) return false
      at += 2
      // ClickHouse keeps the two halves as little-endian numbers.
      bytes[end + (index < 8 ? 7 - index : 23 - index)] = (high << 4) | low
    }
    this.#end = end + 16
    return true
  }

  #ascii(value: string, length: number): boolean {
    const bytes = this.#bytes
    const start = this.#end + 1
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index)
      if (code > 127) return false
      bytes[start + index] = code
    }
    bytes[this.#end] = length
    this.#end = start + length
    return true
  }

  /** Half a surrogate pair becomes U+FFFD. */
  #utf8(value: string, length: number): void {
    const byteLength = Buffer.byteLength(value)
    this.#varint(byteLength)
    if (byteLength === length) this.#end += this.#bytes.write(value, this.#end, 'latin1')
    else this.#end += this.#bytes.write(value, this.#end, 'utf8')
  }

  #varint(value: number): void {
    let rest = value
    while (rest > 127) {
      this.#bytes[this.#end++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#bytes[this.#end++] = rest
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.byteLength) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.byteLength * 2, this.#end + bytes))
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}
