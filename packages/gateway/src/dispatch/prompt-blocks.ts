/** Hashes of a prompt's leading blocks, by which prefix-aware policies recognise what an engine has cached. */
import type { RequestHead } from '@bud-foundry/core'

/** About 64 tokens at 4 bytes each: the block that llm-d's approximate prefix cache clamps to (its README, read 2026-11). */
const blockBytes = 256
/** 2,048 blocks, where llm-d stops too: what follows decides nothing any more. */
const blocksMax = 2_048

/** In the order in which chat templates render them: tools and system text stand before the messages. */
const promptFields = ['tools', 'system', 'messages', 'prompt', 'input'] as const

/** Each hash covers its block and all before it: equal hashes mean equal beginnings. Two 32-bit lanes, because 64-bit integers are slow here. */
export function promptBlockHashes(head: RequestHead): readonly bigint[] {
  const hashes: bigint[] = []
  let left = 0x811c9dc5
  let right = 0x9e3779b9
  let inBlock = 0
  for (const field of promptFields) {
    const raw = head.raw(field)
    if (raw === undefined) continue
    for (const byte of raw) {
      left = Math.imul(left ^ byte, 0x01000193)
      right = Math.imul(right ^ byte, 0x85ebca6b)
      right ^= right >>> 13
      inBlock += 1
      if (inBlock < blockBytes) continue
      inBlock = 0
      hashes.push((BigInt(left >>> 0) << 32n) | BigInt(right >>> 0))
      if (hashes.length === blocksMax) return hashes
    }
  }
  return hashes
}
