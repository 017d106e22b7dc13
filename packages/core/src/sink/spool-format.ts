/** The bytes of a spool file: a first line with the version, then groups of JSON lines, each with a checksum and a length. */
import { crc32 } from 'node:zlib'
import type { BudEvent } from '../event/event.ts'

/** Starts every file; the number changes with the format. */
export const spoolFirstLine = Buffer.from('bud-spool/1\n')

/** `#`, checksum, payload bytes, events, each eight hexadecimal digits with a blank between them, and a line feed. */
const headerBytes = 28
const headerPattern = /^#([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8})\n$/
/** Lines of JSON begin with a brace, and hold no line feed: this never occurs inside a payload. */
const groupStart = Buffer.from('\n#')

const hex = (number: number) => number.toString(16).padStart(8, '0')

/** The checksum covers the lengths too. */
function checksum(lengths: string, payload: Uint8Array): number {
  return crc32(payload, crc32(lengths))
}

export function encodeGroupHeader(payload: Uint8Array, count: number): Buffer {
  const lengths = `${hex(payload.byteLength)} ${hex(count)}`
  return Buffer.from(`#${hex(checksum(lengths, payload))} ${lengths}\n`, 'latin1')
}

export type SpoolGroup =
  | { readonly kind: 'group'; readonly payload: Buffer; readonly endOffset: number; readonly count: number }
  /** Nothing more is there. */
  | { readonly kind: 'end' }
  /** Cut short, or not what was written. */
  | { readonly kind: 'damaged' }

export function readGroup(bytes: Buffer, offset: number): SpoolGroup {
  if (offset === bytes.byteLength) return { kind: 'end' }
  const header = headerPattern.exec(bytes.toString('latin1', offset, offset + headerBytes))
  if (header === null) return { kind: 'damaged' }
  const [, sum = '', length = '', count = ''] = header
  const start = offset + headerBytes
  const endOffset = start + Number.parseInt(length, 16)
  if (endOffset > bytes.byteLength) return { kind: 'damaged' }
  const payload = bytes.subarray(start, endOffset)
  if (checksum(`${length} ${count}`, payload) !== Number.parseInt(sum, 16)) return { kind: 'damaged' }
  return { kind: 'group', payload, endOffset, count: Number.parseInt(count, 16) }
}

/** Where the next whole group begins after damage; undefined when none does. */
export function findGroup(bytes: Buffer, offset: number): number | undefined {
  for (let at = bytes.indexOf(groupStart, offset); at !== -1; at = bytes.indexOf(groupStart, at + 1)) {
    if (readGroup(bytes, at + 1).kind === 'group') return at + 1
  }
  return undefined
}

/** The events of a group whose checksum was right, as they were written: what their fields hold is for the destination to judge. */
export function decodeEvents(payload: Buffer): readonly BudEvent[] {
  const lines = payload.toString('utf8').split('\n')
  // Safe: each line is the JSON of what `write` took for an event.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as BudEvent)
}
