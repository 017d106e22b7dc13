/** The randomness port: a system source and a seeded one that repeats exactly. */

/** Where chance comes from. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform bytes; the system source is cryptographically strong, the seeded one is not. */
  bytes(length: number): Uint8Array
}

/** The system: `bytes` is fit for keys, `next` is not. */
export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, passes gjrand; for tests and simulation, never for keys. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return { next, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)) }
}
