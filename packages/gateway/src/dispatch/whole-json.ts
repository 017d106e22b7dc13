/** Tells a whole JSON answer from one that was broken off. */

/** Up to this size the answer is parsed; above it only its ends are looked at, because a connection that breaks off is noticed by its framing. */
const parsedBytes = 16 * 1024

const open = 0x7b
const close = 0x7d

function outerByte(bytes: Uint8Array, from: number, step: 1 | -1): number | undefined {
  let at = from
  while (at >= 0 && at < bytes.length && (bytes[at] ?? 0) <= 0x20) at += step
  return bytes[at]
}

/** True when the bytes are one JSON object. */
export function isWholeJson(bytes: Uint8Array): boolean {
  if (outerByte(bytes, 0, 1) !== open || outerByte(bytes, bytes.length - 1, -1) !== close) return false
  if (bytes.length > parsedBytes) return true
  try {
    JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
    return true
  } catch {
    return false
  }
}
