/** The files of one spool: appends groups to the newest, reads them back, and deletes those that are delivered. */
import { closeSync, fdatasync, fsyncSync, ftruncateSync, openSync, rmSync, writeSync, writevSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { sinkErrors } from './sink-errors.ts'
import { sinkLimits } from './sink-limits.ts'
import { encodeGroupHeader, readGroup, spoolFirstLine } from './spool-format.ts'
import {
  cursorPath,
  encodeCursor,
  scanGroups,
  segmentPath,
  type RecoveredSpool,
  type SpoolPosition,
  type SpoolSpan,
} from './spool-recovery.ts'

const syncFile = promisify(fdatasync)

export interface SpoolOptions {
  readonly directory: string
  readonly diskBytesMax: number
  readonly fsync: boolean
  readonly recovered: RecoveredSpool
}

export interface SpoolRead<Content> {
  readonly events: readonly Content[]
  readonly count: number
  readonly endOffset: number
  /** Events that were there and cannot be read any more. */
  readonly lost: number
}

interface Segment {
  readonly number: number
  readonly file: number
  bytes: number
  /** The sync that runs, and the one that will cover what was written since it began. */
  syncing: Promise<void> | undefined
  nextSync: Promise<void> | undefined
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined)

export class Spool {
  readonly #options: SpoolOptions
  readonly #segmentBytesMax: number
  readonly #bytesBySegment: Map<number, number>
  readonly #closings = new Set<Promise<void>>()
  #diskBytes = 0
  #nextSegment: number
  #current: Segment | undefined
  #cursor: number | undefined

  constructor(options: SpoolOptions) {
    this.#options = options
    // Space comes back one file at a time, so the bound must hold several.
    this.#segmentBytesMax = Math.min(sinkLimits.segmentBytes, Math.floor(options.diskBytesMax / 4))
    this.#bytesBySegment = new Map(options.recovered.segments)
    for (const bytes of this.#bytesBySegment.values()) this.#diskBytes += bytes
    this.#nextSegment = options.recovered.nextSegment
  }

  /**
   * In one synchronous write: to the page cache it costs a twentieth of an asynchronous one.
   * @throws CORE_SINK_FULL and CORE_SINK_SPOOL_FAILED, with nothing of the group left behind.
   */
  append(payload: Buffer, count: number): SpoolSpan {
    const header = encodeGroupHeader(payload, count)
    const bytes = header.byteLength + payload.byteLength
    const full = (cause?: unknown) => sinkErrors.SINK_FULL({ where: `the spool '${this.#options.directory}'`, dropped: count }, { cause })
    if (this.#diskBytes + spoolFirstLine.byteLength + bytes > this.#options.diskBytesMax) throw full()
    let segment: Segment | undefined
    try {
      segment = this.#writable()
      writeAll(segment.file, [header, payload])
    } catch (error) {
      if (segment !== undefined) this.#undo(segment)
      const code = codeOf(error)
      if (code === 'ENOSPC' || code === 'EDQUOT') throw full(error)
      const reason = error instanceof Error ? error.message : String(error)
      throw sinkErrors.SINK_SPOOL_FAILED({ path: this.#options.directory, reason }, { cause: error })
    }
    const startOffset = segment.bytes
    this.#grow(segment, bytes)
    return { segment: segment.number, startOffset, endOffset: segment.bytes, count }
  }

  /** Resolves when everything appended so far would survive a power cut. */
  async sync(): Promise<void> {
    const segment = this.#current
    if (segment === undefined) return
    segment.nextSync ??= (async () => {
      await segment.syncing
      segment.nextSync = undefined
      segment.syncing = syncFile(segment.file)
      await segment.syncing
    })()
    await segment.nextSync
  }

  /**
   * Whole groups from the start of a span, at least one, up to the number of events and `sinkLimits.readBytes`. Groups that were whole when
   * they were written or recovered, and are not any more, are lost; those after them are read next.
   */
  async read<Content>(span: SpoolSpan, eventsMax: number, decode: (payload: Buffer) => readonly Content[]): Promise<SpoolRead<Content>> {
    const length = span.endOffset - span.startOffset
    const { readBytes } = sinkLimits
    let bytes = await this.#readBytes(span, Math.min(length, readBytes))
    // One group can be larger, and how far damage goes is seen by what comes after it.
    if (length > readBytes && readGroup(bytes, 0).kind !== 'group') bytes = await this.#readBytes(span, length)
    const events: Content[] = []
    let [offset, count] = [0, 0]
    for (;;) {
      const group = readGroup(bytes, offset)
      if (group.kind !== 'group' || (offset > 0 && (count + group.count > eventsMax || group.endOffset > readBytes))) break
      for (const event of decode(group.payload)) events.push(event)
      count += group.count
      offset = group.endOffset
    }
    if (offset > 0) return { events, count, endOffset: span.startOffset + offset, lost: 0 }
    const { spans } = scanGroups(bytes, 0)
    const lost = span.count - spans.reduce((sum, rest) => sum + rest.count, 0)
    return { events, count, endOffset: span.startOffset + (spans[0]?.startOffset ?? length), lost }
  }

  /** Remembers what is delivered, and deletes the files that hold nothing else: those before `next`, or all when nothing is left. */
  deliveredTo(end: SpoolPosition, next: SpoolPosition | undefined): void {
    this.#cursor ??= openSync(cursorPath(this.#options.directory), 'w')
    writeSync(this.#cursor, encodeCursor(next ?? end), 0)
    if (next === undefined && (this.#current?.bytes ?? 0) >= this.#segmentBytesMax) this.#endCurrent()
    const keptFrom = next?.segment ?? this.#nextSegment
    for (const segment of this.#bytesBySegment.keys()) {
      if (segment < keptFrom && segment !== this.#current?.number) this.#remove(segment)
    }
  }

  /** Deletes every file: all of it is delivered. */
  clear(): void {
    this.#endCurrent()
    for (const segment of this.#bytesBySegment.keys()) this.#remove(segment)
  }

  async close(): Promise<void> {
    this.#endCurrent()
    await Promise.all(this.#closings)
    if (this.#cursor !== undefined) closeSync(this.#cursor)
    this.#cursor = undefined
  }

  #writable(): Segment {
    if (this.#current !== undefined && this.#current.bytes >= this.#segmentBytesMax) this.#endCurrent()
    if (this.#current !== undefined) return this.#current
    const number = this.#nextSegment
    const file = openSync(segmentPath(this.#options.directory, number), 'wx')
    this.#nextSegment += 1
    if (this.#options.fsync) syncDirectory(this.#options.directory)
    const segment: Segment = { number, file, bytes: 0, syncing: undefined, nextSync: undefined }
    this.#current = segment
    this.#bytesBySegment.set(number, 0)
    writeAll(file, [spoolFirstLine])
    this.#grow(segment, spoolFirstLine.byteLength)
    return segment
  }

  #grow(segment: Segment, bytes: number): void {
    segment.bytes += bytes
    this.#diskBytes += bytes
    this.#bytesBySegment.set(segment.number, segment.bytes)
  }

  /** Takes half a group away again; a file that does not even allow that is left, and cut when it is recovered. */
  #undo(segment: Segment): void {
    try {
      ftruncateSync(segment.file, segment.bytes)
      if (segment.bytes === 0) throw new Error('the file has no first line')
    } catch {
      this.#endCurrent()
    }
  }

  #endCurrent(): void {
    const segment = this.#current
    if (segment === undefined) return
    this.#current = undefined
    const closing = (async () => {
      // Both have owners of their own, who learn of a failure; here it only matters that they have ended.
      await Promise.allSettled([segment.syncing, segment.nextSync])
      closeSync(segment.file)
    })()
    this.#closings.add(closing)
    void closing.finally(() => this.#closings.delete(closing))
  }

  #remove(segment: number): void {
    this.#diskBytes -= this.#bytesBySegment.get(segment) ?? 0
    this.#bytesBySegment.delete(segment)
    rmSync(segmentPath(this.#options.directory, segment), { force: true })
  }

  async #readBytes(span: SpoolSpan, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length)
    let file
    try {
      file = await open(segmentPath(this.#options.directory, span.segment), 'r')
      const { bytesRead } = await file.read(bytes, 0, length, span.startOffset)
      return bytes.subarray(0, bytesRead)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return bytes.subarray(0, 0)
      throw error
    } finally {
      await file?.close()
    }
  }
}

/** Makes the names of new files durable, as far as the system can (Windows cannot open a directory). */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** The system may take only a part; asking again for the rest brings the reason. */
function writeAll(file: number, parts: readonly Buffer[]): void {
  const total = parts.reduce((sum, part) => sum + part.byteLength, 0)
  let written = writevSync(file, parts)
  if (written === total) return
  const whole = Buffer.concat(parts)
  while (written < total) written += writeSync(file, whole, written)
}
