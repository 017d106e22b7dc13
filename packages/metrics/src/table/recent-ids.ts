/** Knows for most ids, without asking the database, that no event with them was ever accepted. */

const slots = 2 ** 20
/** Half full: probing stays short. */
const idsMax = slots / 2
/** A clock may be this much ahead of ours. */
const aheadMs = 60_000

/** Value of a lower-case hexadecimal digit by its character code; 255 for others. */
const digits = new Uint8Array(128).fill(255)
for (const [value, digit] of Array.from('0123456789abcdef').entries()) digits[digit.charCodeAt(0)] = value

/** A number from digits of the id; NaN when one is none. */
function parseHex(id: string, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at += 1) {
    const digit = digits[id.charCodeAt(at) & 127] ?? 255
    if (digit === 255) return Number.NaN
    value = value * 16 + digit
  }
  return value
}

interface Generation {
  readonly fromMs: number
  readonly high: Uint32Array
  readonly low: Uint32Array
  count: number
}

const emptyGeneration = (fromMs: number): Generation => ({
  fromMs,
  high: new Uint32Array(slots),
  low: new Uint32Array(slots),
  count: 0,
})

/** The slot of the pair, or -1 - the free slot where it belongs. */
function findSlot({ high, low }: Generation, first: number, second: number): number {
  let slot = (first ^ Math.imul(second, 2_654_435_761)) & (slots - 1)
  while (high[slot] !== 0) {
    if (high[slot] === first && low[slot] === second) return slot
    slot = (slot + 1) & (slots - 1)
  }
  return -1 - slot
}

/**
 * A UUID of version 7 carries the time of its making. When that is later than the start of this window, whoever accepted it before must
 * have passed here, and so an id that is not in the window is new. The window is two generations of 524,288 ids, 16 MiB at most; ids that
 * are older, made elsewhere long ago or no UUIDs of version 7 are looked up in the database, which only takes longer.
 */
export class RecentIds {
  readonly #nowMs: () => number
  #old: Generation | undefined
  #current: Generation
  #latestMs: number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#latestMs = nowMs()
    this.#current = emptyGeneration(this.#latestMs)
  }

  /** True: certainly new, and remembered. False: it may be known. */
  add(id: string): boolean {
    if (id.length !== 36 || id.charCodeAt(14) !== 55) return false
    const timeHigh = parseHex(id, 0, 8)
    const timeMs = timeHigh * 65_536 + parseHex(id, 9, 13)
    const first = (parseHex(id, 28, 36) ^ timeHigh) >>> 0 || 1
    const second = parseHex(id, 19, 23) * 65_536 + parseHex(id, 24, 28)
    // Written so that a part that is no number makes it false.
    if (!(timeMs > (this.#old ?? this.#current).fromMs && second >= 0 && parseHex(id, 15, 18) >= 0)) return false
    if (timeMs > this.#latestMs && !this.#advance(timeMs)) return false
    if (this.#old !== undefined && findSlot(this.#old, first, second) >= 0) return false
    const slot = findSlot(this.#current, first, second)
    if (slot >= 0) return false
    this.#current.high[-1 - slot] = first
    this.#current.low[-1 - slot] = second
    this.#current.count += 1
    if (this.#current.count >= idsMax) {
      this.#old = this.#current
      this.#current = emptyGeneration(Math.max(this.#nowMs(), this.#latestMs))
    }
    return true
  }

  /** An id from far in the future would make every other one look old. */
  #advance(timeMs: number): boolean {
    if (timeMs > this.#nowMs() + aheadMs) return false
    this.#latestMs = timeMs
    return true
  }
}
