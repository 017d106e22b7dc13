/** Remembers blocks of prompt tokens, as paged engines do, and says how much of a new prompt is known. */

const blockTokens = 16

/** Two 32-bit hashes of a block and everything before it, in one safe integer. */
function* chainHashes(tokens: readonly number[]): Generator<number> {
  let high = 0x811c9dc5
  let low = 0x9747b28c
  for (let start = 0; start + blockTokens <= tokens.length; start += blockTokens) {
    for (let index = start; index < start + blockTokens; index += 1) {
      const token = tokens[index] ?? 0
      high = Math.imul(high ^ token, 0x01000193) >>> 0
      low = Math.imul((low ^ token) + (low << 7), 0x5bd1e995) >>> 0
    }
    yield high * 0x20_0000 + (low & 0x1f_ffff)
  }
}

export interface PrefixCache {
  /** Leading tokens that are cached, a multiple of 16 and never the whole prompt: one token has to be computed. */
  match(tokens: readonly number[]): number
  add(tokens: readonly number[]): void
  readonly blocks: number
}

/** Least recently used blocks leave first. */
export function createPrefixCache(maxBlocks: number): PrefixCache {
  // A Map iterates in order of insertion, so the first key is the oldest.
  const known = new Map<number, true>()
  return {
    match: (tokens) => {
      let matched = 0
      for (const hash of chainHashes(tokens)) {
        if (!known.delete(hash)) break
        known.set(hash, true)
        matched += blockTokens
      }
      return matched < tokens.length ? matched : Math.max(0, matched - blockTokens)
    },
    add: (tokens) => {
      for (const hash of chainHashes(tokens)) {
        known.delete(hash)
        known.set(hash, true)
        if (known.size <= maxBlocks) continue
        const oldest = known.keys().next()
        if (oldest.done !== true) known.delete(oldest.value)
      }
    },
    get blocks() {
      return known.size
    },
  }
}
