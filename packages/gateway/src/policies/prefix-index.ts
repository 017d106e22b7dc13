/** Which leading blocks of a prompt a target has probably cached: one bounded LRU of block hashes per target. */

export interface PrefixIndex {
  /** Number of leading blocks that the target has seen and, by this index, still holds. */
  match(targetId: string, blockHashes: readonly bigint[]): number
  /** The target now holds these blocks; the longest unused ones of it are forgotten beyond the bound. */
  touch(targetId: string, blockHashes: readonly bigint[]): void
  forget(targetId: string): void
  /** Blocks remembered for a target. */
  size(targetId: string): number
}

/**
 * A radix tree flattened: each hash covers its block and all before it, so membership of one hash says that a whole prefix was seen.
 * Blocks are touched from the last to the first, which keeps a block younger than all that follow it. Eviction then takes the end of
 * a prefix before its beginning, what is held stays closed under prefixes, and the length of a match can be found by bisection.
 */
export function createPrefixIndex(blocksPerTarget: number): PrefixIndex {
  const targets = new Map<string, Map<bigint, undefined>>()

  return {
    match: (targetId, blockHashes) => {
      const held = targets.get(targetId)
      if (held === undefined) return 0
      let low = 0
      let high = blockHashes.length
      while (low < high) {
        const middle = (low + high + 1) >>> 1
        const hash = blockHashes[middle - 1]
        if (hash !== undefined && held.has(hash)) low = middle
        else high = middle - 1
      }
      return low
    },
    touch: (targetId, blockHashes) => {
      let held = targets.get(targetId)
      if (held === undefined) targets.set(targetId, (held = new Map<bigint, undefined>()))
      // A prompt longer than the bound would only evict itself: its beginning is what others can share.
      for (const hash of blockHashes.slice(0, blocksPerTarget).reverse()) {
        held.delete(hash)
        held.set(hash, undefined)
      }
      for (const oldest of held.keys()) {
        if (held.size <= blocksPerTarget) break
        held.delete(oldest)
      }
    },
    forget: (targetId) => void targets.delete(targetId),
    size: (targetId) => targets.get(targetId)?.size ?? 0,
  }
}
