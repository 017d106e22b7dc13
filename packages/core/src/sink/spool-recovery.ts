/** Finds what a former process left in a spool directory: whole groups to deliver, and damage to cut away. */
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { sinkErrors } from './sink-errors.ts'
import { sinkLimits } from './sink-limits.ts'
import { measureDamage, readGroup, spoolFirstLine, type Damage } from './spool-format.ts'

/** A stretch of whole groups in one file. */
export interface SpoolSpan {
  readonly segment: number
  readonly startOffset: number
  readonly endOffset: number
  /** Events in it. */
  readonly count: number
}

/** A stretch of a spool file that is not what was written. */
export interface SpoolDamage {
  readonly path: string
  readonly startOffset: number
  readonly bytes: number
  /** True: the write that the death of its process cut short, which was never accepted. */
  readonly isTorn: boolean
  /** Accepted events that are lost with it; the least there can have been where even that is unreadable, and none when torn. */
  readonly events: number
  /** The file that its bytes were copied to; absent when torn, or when there was no room. */
  readonly keptAt?: string
}

export interface SpoolPosition {
  readonly segment: number
  readonly offset: number
}

export interface RecoveredSpool {
  readonly spans: readonly SpoolSpan[]
  /** Bytes of each file. */
  readonly segments: ReadonlyMap<number, number>
  readonly damages: readonly SpoolDamage[]
  readonly nextSegment: number
}

const segmentPattern = /^(\d{12})\.spool$/

export function segmentPath(directory: string, segment: number): string {
  return join(directory, `${String(segment).padStart(12, '0')}.spool`)
}

export function cursorPath(directory: string): string {
  return join(directory, 'cursor')
}

/** Of fixed length, so that it is overwritten in place by one small write. */
export function encodeCursor({ segment, offset }: SpoolPosition): string {
  const text = `${String(segment).padStart(12, '0')} ${String(offset).padStart(12, '0')}`
  return `${text} ${crc32(text).toString(16).padStart(8, '0')}\n`
}

/** Everything before this was delivered. Without a readable cursor nothing counts as delivered, and is delivered again. */
function readCursor(directory: string): SpoolPosition {
  const start = { segment: 0, offset: 0 }
  let text
  try {
    text = readFileSync(cursorPath(directory), 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return start
    throw error
  }
  const [segment = '', offset = ''] = text.split(' ')
  const position = { segment: Number(segment), offset: Number(offset) }
  return encodeCursor(position) === text ? position : start
}

function readSegments(directory: string): readonly number[] {
  const numbers = readdirSync(directory).map((name) => segmentPattern.exec(name)?.[1])
  return numbers
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((left, right) => left - right)
}

/**
 * Reads every file once, one at a time; call it only under the directory's lock.
 * @throws CORE_SINK_SPOOL_NOT_OURS
 */
export function recoverSpool(directory: string): RecoveredSpool {
  const cursor = readCursor(directory)
  const spans: SpoolSpan[] = []
  const damages: SpoolDamage[] = []
  const segments = new Map<number, number>()
  const numbers = readSegments(directory)
  for (const segment of numbers) {
    const path = segmentPath(directory, segment)
    const found = segment < cursor.segment ? undefined : scanSegment(path, segment, segment === cursor.segment ? cursor.offset : 0)
    damages.push(...(found?.damages ?? []))
    if (found === undefined || found.spans.length === 0) {
      rmSync(path)
      continue
    }
    spans.push(...found.spans)
    segments.set(segment, found.bytes)
  }
  return { spans, segments, damages, nextSegment: Math.max(cursor.segment, numbers.at(-1) ?? 0) + 1 }
}

interface ScannedSegment {
  readonly spans: readonly SpoolSpan[]
  readonly damages: readonly SpoolDamage[]
  readonly bytes: number
}

function scanSegment(path: string, segment: number, deliveredOffset: number): ScannedSegment {
  const bytes = readFileSync(path)
  const first = bytes.subarray(0, spoolFirstLine.byteLength)
  if (!spoolFirstLine.subarray(0, first.byteLength).equals(first)) throw sinkErrors.SINK_SPOOL_NOT_OURS({ path })
  // A process that died while it began the file leaves a part of the first line.
  if (first.byteLength < spoolFirstLine.byteLength) return { spans: [], damages: [], bytes: 0 }
  const isBoundary = deliveredOffset <= bytes.byteLength && readGroup(bytes, deliveredOffset).kind !== 'damaged'
  const start = deliveredOffset > first.byteLength && isBoundary ? deliveredOffset : first.byteLength
  const scanned = scanGroups(bytes, start)
  const spans = scanned.spans.map((span) => ({ segment, ...span }))
  const damages = scanned.damages.map((damage) => setAside(path, bytes, damage))
  const last = scanned.damages.at(-1)
  const isTail = last?.endOffset === bytes.byteLength
  if (isTail) truncateSync(path, last.startOffset)
  return { spans, damages, bytes: isTail ? last.startOffset : bytes.byteLength }
}

const asideEnd = '.damaged'

function findAside(directory: string): readonly string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith(asideEnd))
  return names.map((name) => join(directory, name))
}

/** Deletes what was kept of the damaged files of a spool: its bytes name nobody for certain, so an erasure takes them all. */
export function removeDamaged(spoolDirectory: string): void {
  for (const path of findAside(spoolDirectory)) rmSync(path, { force: true })
}

/** Keeps what may still be of use to whoever looks at it, before the file is deleted. */
function setAside(path: string, bytes: Buffer, { startOffset, endOffset, isTorn, events }: Damage): SpoolDamage {
  const damage = { path, startOffset, bytes: endOffset - startOffset, isTorn, events }
  if (isTorn) return damage
  const directory = dirname(path)
  const keptBytes = findAside(directory).reduce((sum, each) => sum + (statSync(each, { throwIfNoEntry: false })?.size ?? 0), 0)
  if (keptBytes + damage.bytes > sinkLimits.refusedBytes) return damage
  const keptAt = `${path}-${String(startOffset)}${asideEnd}`
  try {
    writeFileSync(keptAt, bytes.subarray(startOffset, endOffset))
    return { ...damage, keptAt }
  } catch {
    // A full disk must not keep the rest from being delivered; the report says that nothing was kept.
    rmSync(keptAt, { force: true })
    return damage
  }
}

export interface ScannedGroups {
  readonly spans: readonly Omit<SpoolSpan, 'segment'>[]
  readonly damages: readonly Damage[]
}

/** The stretches of whole groups from an offset on, and what lies between them. */
export function scanGroups(bytes: Buffer, start: number): ScannedGroups {
  const spans: Omit<SpoolSpan, 'segment'>[] = []
  const damages: Damage[] = []
  let [startOffset, offset, count] = [start, start, 0]
  const endSpan = () => {
    if (count > 0) spans.push({ startOffset, endOffset: offset, count })
  }
  for (;;) {
    const group = readGroup(bytes, offset)
    if (group.kind === 'group') {
      offset = group.endOffset
      count += group.count
      continue
    }
    endSpan()
    if (group.kind === 'end') return { spans, damages }
    const damage = measureDamage(bytes, offset)
    damages.push(damage)
    startOffset = offset = damage.endOffset
    count = 0
  }
}
