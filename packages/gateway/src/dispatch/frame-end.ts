/** Finds where server-sent events end in bytes. */

const lineFeed = 0x0a
const carriageReturn = 0x0d

/** Position after the blank line that closes the event at or after `from`; -1 when it has not come yet. */
export function frameEnd(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(lineFeed, from)
  while (at !== -1) {
    const next = bytes[at + 1]
    if (next === lineFeed) return at + 2
    if (next === carriageReturn && bytes[at + 2] === lineFeed) return at + 3
    at = bytes.indexOf(lineFeed, at + 1)
  }
  return -1
}

/** True when the bytes hold nothing but line ends and spaces. */
export function isBlank(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte > 0x20) return false
  return true
}
