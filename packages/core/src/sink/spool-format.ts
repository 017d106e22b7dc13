/** The bytes of a spool file: a first line with the version, then groups of JSON lines, each with a checksum and a length. */
import { crc32 } from 'node:zlib'
import type { BudEvent } from '../event/event.ts'

/** Starts every file; the number changes with the format. */
export const spoolFirstLine = Buffer.from('bud-spool/1\n')

/** `#`, checksum, payload bytes, events, each eight hexadecimal digits with a blank between them, and a line feed. */
const headerBytes = 28
const headerPattern = /^#([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8})\n$/
/** Also occurs inside payloads; the header after it, and the checksum, tell. */
const groupStart = '#'

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
  /** Cut short, or not what was written; with what its header says, as far as that looks like one. */
  | { readonly kind: 'damaged'; readonly header?: { readonly endOffset: number; readonly count: number } }

export function readGroup(bytes: Buffer, offset: number): SpoolGroup {
  if (offset === bytes.byteLength) return { kind: 'end' }
  const match = headerPattern.exec(bytes.toString('latin1', offset, offset + headerBytes))
  if (match === null) return { kind: 'damaged' }
  const [, sum = '', length = '', count = ''] = match
  const start = offset + headerBytes
  const endOffset = start + Number.parseInt(length, 16)
  const header = { endOffset, count: Number.parseInt(count, 16) }
  if (endOffset > bytes.byteLength) return { kind: 'damaged', header }
  const payload = bytes.subarray(start, endOffset)
  if (checksum(`${length} ${count}`, payload) !== Number.parseInt(sum, 16)) return { kind: 'damaged', header }
  return { kind: 'group', payload, ...header }
}

/** Where the next whole group begins at or after an offset; undefined when none does. */
export function findGroup(bytes: Buffer, offset: number): number | undefined {
  for (let at = bytes.indexOf(groupStart, offset); at !== -1; at = bytes.indexOf(groupStart, at + 1)) {
    if (readGroup(bytes, at).kind === 'group') return at
  }
  return undefined
}

export interface Damage {
  readonly startOffset: number
  readonly endOffset: number
  /** True: the write that a death cut short; nobody was told that it is accepted. */
  readonly isTorn: boolean
  /** Events in it that were accepted; where its header cannot be read either, the least there can have been: one. */
  readonly events: number
}

/** How far damage goes: to the group after it, wherever that begins, or to the end. */
export function measureDamage(bytes: Buffer, offset: number): Damage {
  const group = readGroup(bytes, offset)
  const header = group.kind === 'damaged' ? group.header : undefined
  const all = bytes.byteLength
  // The header is as it was when a group begins, or the file ends, where it says.
  const isHeaderWhole =
    header !== undefined && header.endOffset <= all && (header.endOffset === all || startsGroup(bytes, header.endOffset))
  if (isHeaderWhole) return { startOffset: offset, endOffset: header.endOffset, isTorn: false, events: header.count }
  const next = findGroup(bytes, offset)
  const isTorn = next === undefined && (header === undefined ? all - offset < headerBytes : header.endOffset > all)
  return { startOffset: offset, endOffset: next ?? all, isTorn, events: isTorn ? 0 : 1 }
}

function startsGroup(bytes: Buffer, offset: number): boolean {
  const group = readGroup(bytes, offset)
  return group.kind === 'group' || (group.kind === 'damaged' && group.header !== undefined)
}

/** The events of a group whose checksum was right, as they were written: what their fields hold is for the destination to judge. */
export function decodeEvents(payload: Buffer): readonly BudEvent[] {
  const lines = payload.toString('utf8').split('\n')
  // Safe: each line is the JSON of what `write` took for an event.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as BudEvent)
}
