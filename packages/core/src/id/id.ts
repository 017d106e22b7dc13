/** Sortable unique ids: UUID version 7 (RFC 9562 §5.7) from Clock and Random. */
import type { Clock } from '../time/clock.ts'
import type { Random } from '../random/random.ts'

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** 36 characters; ids made in a later millisecond sort later. */
export function createId(clock: Clock, random: Random): string {
  const bytes = random.bytes(16)
  let rest = Math.floor(clock.nowMs())
  for (let index = 5; index >= 0; index -= 1) {
    bytes[index] = rest % 256
    rest = Math.floor(rest / 256)
  }
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  let text = ''
  for (let index = 0; index < 16; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-'
    text += hex[bytes[index] ?? 0] ?? ''
  }
  return text
}
