/** What waits for delivery, in order: the newest events in memory, the overflow as stretches of spool files. */
import type { SpoolRead } from './spool.ts'
import type { SpoolPosition, SpoolSpan } from './spool-recovery.ts'

interface Item<Content> extends SpoolSpan {
  /** Undefined when they are only on disk. */
  readonly events: readonly Content[] | undefined
  /** Accepted by this process, and therefore never delivered before. */
  readonly isNew: boolean
}

/** `Content` is an event, or the bytes of a group of events that are never decoded. */
export interface DeliveryBatch<Content> {
  /** Without those that the destination has refused meanwhile. */
  readonly events: readonly Content[]
  readonly isNew: boolean
  /** Events that left the queue with it, refused and lost ones included. */
  readonly count: number
  /** Events that could not be read back. */
  readonly lost: number
  readonly end: SpoolPosition
}

export interface DeliveryQueueOptions<Content> {
  readonly memoryBytesMax: number
  readonly batchEvents: number
  readonly batchBytes: number
  readonly read: (span: SpoolSpan, eventsMax: number) => Promise<SpoolRead<Content>>
}

/** Dropping the head one by one would move all the others each time. */
const compactAfter = 1_024

export class DeliveryQueue<Content> {
  readonly #options: DeliveryQueueOptions<Content>
  #items: Item<Content>[] = []
  #head = 0
  #events = 0
  #bytes = 0
  #memoryBytes = 0

  constructor(options: DeliveryQueueOptions<Content>) {
    this.#options = options
  }

  get events(): number {
    return this.#events
  }

  /** Enough for a full batch. */
  get isFull(): boolean {
    return this.#events >= this.#options.batchEvents || this.#bytes >= this.#options.batchBytes
  }

  get first(): SpoolPosition | undefined {
    const item = this.#items[this.#head]
    return item === undefined ? undefined : { segment: item.segment, offset: item.startOffset }
  }

  /** Keeps the events in memory while they fit, and otherwise only where they lie. */
  push(span: SpoolSpan, events?: readonly Content[]): void {
    const bytes = span.endOffset - span.startOffset
    this.#events += span.count
    this.#bytes += bytes
    if (events !== undefined && this.#memoryBytes + bytes <= this.#options.memoryBytesMax) {
      this.#memoryBytes += bytes
      this.#items.push({ ...span, events, isNew: true })
      return
    }
    const isNew = events !== undefined
    const last = this.#items.at(-1)
    if (last?.isNew === isNew && isContinuedBy(last, span)) {
      this.#items[this.#items.length - 1] = { ...last, endOffset: span.endOffset, count: last.count + span.count }
    } else {
      this.#items.push({ ...span, events: undefined, isNew })
    }
  }

  /** The next batch, which stays in the queue until it is committed; undefined when nothing waits. */
  async take(): Promise<DeliveryBatch<Content> | undefined> {
    const first = this.#items[this.#head]
    if (first === undefined) return undefined
    return first.events === undefined ? this.#takeFromDisk(first) : this.#takeFromMemory()
  }

  commit({ end, count }: DeliveryBatch<Content>): void {
    this.#events -= count
    for (let item = this.#items[this.#head]; item !== undefined; item = this.#items[this.#head]) {
      const isWhole = item.segment < end.segment || (item.segment === end.segment && item.endOffset <= end.offset)
      if (!isWhole) break
      const bytes = item.endOffset - item.startOffset
      this.#bytes -= bytes
      if (item.events !== undefined) this.#memoryBytes -= bytes
      this.#head += 1
      count -= item.count
    }
    const rest = this.#items[this.#head]
    if (rest?.segment === end.segment && rest.startOffset < end.offset) {
      this.#bytes -= end.offset - rest.startOffset
      this.#items[this.#head] = { ...rest, startOffset: end.offset, count: rest.count - count }
    }
    if (this.#head < compactAfter && this.#head < this.#items.length) return
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }

  #takeFromMemory(): DeliveryBatch<Content> {
    const { batchEvents, batchBytes } = this.#options
    const groups: (readonly Content[])[] = []
    let [count, bytes, end] = [0, 0, { segment: 0, offset: 0 }]
    for (let index = this.#head; index < this.#items.length; index += 1) {
      const item = this.#items[index]
      if (item?.events === undefined) break
      const itemBytes = item.endOffset - item.startOffset
      if (count > 0 && (count + item.count > batchEvents || bytes + itemBytes > batchBytes)) break
      groups.push(item.events)
      count += item.count
      bytes += itemBytes
      end = { segment: item.segment, offset: item.endOffset }
    }
    return { events: groups.flat(), isNew: true, count, lost: 0, end }
  }

  async #takeFromDisk(span: Item<Content>): Promise<DeliveryBatch<Content>> {
    const { events, count, endOffset, lost } = await this.#options.read(span, this.#options.batchEvents)
    return { events, isNew: span.isNew, count: count + lost, lost, end: { segment: span.segment, offset: endOffset } }
  }
}

function isContinuedBy(last: Item<unknown>, span: SpoolSpan): boolean {
  return last.events === undefined && last.segment === span.segment && last.endOffset === span.startOffset
}
