/** A Random that draws its bytes in blocks: ids are made per request, and one system call each would show. */
import type { Random } from '@bud-foundry/core'

const blockBytes = 4096
const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function createPooledRandom(source: Random): Random {
  let block: Uint8Array = new Uint8Array(0)
  let used = 0
  return {
    next: () => source.next(),
    bytes: (length) => {
      if (length > blockBytes) return source.bytes(length)
      if (used + length > block.length) {
        block = source.bytes(blockBytes)
        used = 0
      }
      used += length
      return block.subarray(used - length, used)
    },
  }
}

/** `2 × byteLength` lower-case hex characters. */
export function randomHex(random: Random, byteLength: number): string {
  const bytes = random.bytes(byteLength)
  let text = ''
  for (let index = 0; index < byteLength; index += 1) text += hexOfByte[bytes[index] ?? 0] ?? ''
  return text
}
