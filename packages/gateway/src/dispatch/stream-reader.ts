/** Reads a stream of server-sent events: holds it back until real content comes, then passes it on, and knows how it ended. */
import type { BudError, Clock, Dialect, FrameKind, TokenUsage } from '@bud-foundry/core'
import { deltaBytes } from './delta-bytes.ts'
import { frameBytes, heldStreamBytes } from '../limits.ts'
import { readFinishReason } from './finish-reason.ts'
import { frameEnd, isBlank } from './frame-end.ts'
import { FrameTemplate } from './frame-template.ts'
import type { StreamTranslation } from './stream-translation.ts'
import { TokenGaps } from './token-gaps.ts'

/** Who takes what the reader finds. */
export interface StreamOwner {
  /** The first real content is there. False when another try was faster: then this one is over. */
  onCommit(): boolean
  /** Bytes for the caller; false asks to pause. */
  onBytes(bytes: Uint8Array): boolean
  /** The stream has ended as it should, with these bytes as its last. */
  onStreamEnd(last: readonly Uint8Array[]): void
  onStreamError(error: BudError): void
  /** Something threw while the end was told: no other will come. */
  onBroken(error: unknown): void
}

export interface StreamReaderOptions {
  readonly owner: StreamOwner
  /** Read once per piece, for the gaps between tokens. */
  readonly clock: Clock
  /** What the upstream speaks. */
  readonly dialect: Dialect
  /** Drop events that carry nothing but counts: the caller did not ask for them. */
  readonly stripUsage: boolean
  /** Set when the caller speaks another dialect. */
  readonly translation: StreamTranslation | undefined
  /** Whether a stream must close with its dialect's closing event to count as whole. */
  readonly requireTerminator: boolean
  readonly errors: {
    readonly interrupted: (problem: string) => BudError
    readonly invalid: (problem: string) => BudError
    readonly reported: (frame: Uint8Array) => BudError
    readonly unexpected: (error: unknown) => BudError
  }
}

/** Up to this size pieces are copied together; above it the copy costs more than a further write. */
const joinedBytes = 4_096

export class StreamReader {
  usage: TokenUsage | undefined
  finishReason: string | undefined
  readonly #options: StreamReaderOptions
  readonly #owner: StreamOwner
  readonly #dialect: Dialect
  /** Chunks of this turn of the event loop; looked at together, which costs one write instead of one per event. */
  #pending: Uint8Array[] = []
  #scheduled = false
  /** Bytes of an event whose end has not come yet. */
  #partial: Buffer[] = []
  #partialBytes = 0
  /** Bytes that wait for the first content. */
  #held: Uint8Array[] = []
  #heldBytes = 0
  /** Bytes for the caller, collected while a chunk is looked at: one write costs less than several. */
  #out: Uint8Array[] = []
  #outBytes = 0
  readonly #template = new FrameTemplate()
  #committed = false
  #finished = false
  #over = false
  #writable = true
  #contentEvents = 0
  readonly #gaps = new TokenGaps()
  /** When the piece that was looked at last came, and the content events until then whose gaps are counted. */
  #pieceMs = 0
  #gapEvents = 0
  #contentBytes = 0
  readonly #flushLater = (): void => {
    this.#scheduled = false
    try {
      this.#flush()
    } catch (error) {
      // Nothing stands above a microtask: what escaped here would end the process.
      if (this.#over) this.#owner.onBroken(error)
      else this.#fail(this.#options.errors.unexpected(error))
    }
  }

  constructor(options: StreamReaderOptions) {
    this.#options = options
    this.#owner = options.owner
    this.#dialect = options.dialect
  }

  /** Events with content: about one a token, where nobody counts. */
  get contentEvents(): number {
    return this.#contentEvents + this.#template.skipped
  }

  /** The gaps between them, all that have come included. */
  get gaps(): TokenGaps {
    this.#countGaps()
    return this.#gaps
  }

  /** Put off until the next piece or the end: what a piece holds is known only then. */
  #countGaps(): void {
    const { contentEvents } = this
    if (contentEvents === this.#gapEvents) return
    this.#gaps.note(contentEvents - this.#gapEvents, this.#pieceMs)
    this.#gapEvents = contentEvents
  }

  /** About the bytes of what those events say, without what they are wrapped in. */
  get contentTextBytes(): number {
    const { skippedBytes, literalBytes, newest } = this.#template
    if (this.#options.translation !== undefined) return this.#options.translation.textLength
    // Too few alike to tell the wrapping apart: the newest stands for all.
    if (literalBytes === 0) return newest === undefined ? 0 : deltaBytes(newest) * this.contentEvents
    return Math.max(0, this.#contentBytes + skippedBytes - this.contentEvents * literalBytes)
  }

  /** False asks the upstream to pause. */
  push(chunk: Uint8Array): boolean {
    if (this.#over) return true
    this.#pending.push(chunk)
    if (!this.#scheduled) {
      this.#scheduled = true
      queueMicrotask(this.#flushLater)
    }
    return this.#writable
  }

  /** The caller takes bytes again. */
  resume(): void {
    this.#writable = true
  }

  /** The upstream has closed its stream cleanly. */
  end(): void {
    this.#flush()
    const rest = Buffer.concat(this.#partial, this.#partialBytes)
    if (!isBlank(rest)) this.#lastFrame(rest)
    this.#endWithoutTerminator()
  }

  /** Looks at everything that has come, without waiting for the end of this turn. */
  flush(): void {
    this.#flush()
  }

  /** Nothing of what still comes matters. */
  stop(): void {
    this.#over = true
    this.#pending = []
    this.#partial = []
    this.#held = []
    this.#out = []
  }

  /** A stream may close right after its last line, without the blank one. */
  #lastFrame(rest: Buffer): void {
    if (this.#over) return
    if (this.#dialect.classify(rest) !== 'end') {
      this.#fail(this.#options.errors.interrupted('it closed in the middle of an event'))
      return
    }
    this.#scan(Buffer.concat([rest, Buffer.from('\n\n')]))
  }

  #endWithoutTerminator(): void {
    if (this.#over) return
    if (!this.#finished) {
      const problem = this.#committed ? 'it closed before the answer was complete' : 'it closed without any content'
      this.#fail(this.#options.errors.interrupted(problem))
    } else if (this.#options.requireTerminator) this.#fail(this.#options.errors.interrupted('it closed without its closing event'))
    else this.#succeed(this.#options.translation?.end())
  }

  #flush(): void {
    const pending = this.#pending
    if (this.#over || pending.length === 0) return
    this.#pending = []
    this.#countGaps()
    this.#pieceMs = this.#options.clock.monotonicMs()
    const [first] = pending
    let fresh = pending.length === 1 && first !== undefined ? asBuffer(first) : Buffer.concat(pending)
    if (this.#partialBytes > 0) {
      if (!this.#mayComplete(fresh)) {
        this.#keepPartial(fresh)
        return
      }
      fresh = Buffer.concat([...this.#partial, fresh], this.#partialBytes + fresh.length)
      this.#partial = []
      this.#partialBytes = 0
    }
    this.#scan(fresh)
  }

  /** Whether the end of the started event can be in the new bytes; joining is put off until then, or a long event would cost its square. */
  #mayComplete(fresh: Buffer): boolean {
    const last = this.#partial.at(-1)
    const lastByte = last?.[last.length - 1]
    return lastByte === 0x0a || lastByte === 0x0d || frameEnd(fresh, 0) !== -1
  }

  #keepPartial(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#partial.push(bytes)
    this.#partialBytes += bytes.length
    if (this.#partialBytes > frameBytes) this.#fail(this.#options.errors.invalid(`an event is longer than ${String(frameBytes)} bytes`))
  }

  #scan(bytes: Buffer): void {
    /** Start of the event at hand, and of what goes to the caller. */
    let at = 0
    let from = 0
    for (;;) {
      if (this.#skipsKnown) at = this.#template.skip(bytes, at)
      const end = frameEnd(bytes, at)
      if (end === -1) break
      const frame = bytes.subarray(at, end)
      const kind = this.#dialect.classify(frame)
      if (kind === 'error') {
        this.#forward(bytes.subarray(from, at))
        this.#fail(this.#options.errors.reported(frame))
        return
      }
      if (!this.#take(kind, frame)) return
      if (kind === 'content' && this.#options.translation === undefined) this.#template.learn(frame)
      const strip = kind === 'usage' && this.#options.stripUsage
      if (this.#options.translation !== undefined) {
        if (!this.#translate(this.#options.translation, frame)) return
        from = end
      } else if (strip) {
        this.#forward(bytes.subarray(from, at))
        from = end
      }
      if (kind === 'end') {
        this.#end(bytes.subarray(from, end))
        return
      }
      at = end
    }
    this.#forward(bytes.subarray(from, at))
    this.#deliver()
    if (!this.#over) this.#keepPartial(bytes.subarray(at))
  }

  /** Once content is out, further content that passes through is only looked at to see that it is content. */
  get #skipsKnown(): boolean {
    return this.#committed && this.#options.translation === undefined
  }

  /** Notes what an event says; false when the stream is over with it. */
  #take(kind: FrameKind, frame: Uint8Array): boolean {
    if (kind === 'content') {
      this.#contentEvents += 1
      this.#contentBytes += frame.byteLength
      return this.#commit()
    }
    this.usage = this.#dialect.usage(frame, this.usage) ?? this.usage
    if (kind !== 'finish') return true
    this.#finished = true
    this.finishReason ??= readFinishReason(frame)
    return this.#commit()
  }

  #translate(translation: StreamTranslation, frame: Uint8Array): boolean {
    const result = translation.push(frame)
    if (result.kind === 'error') {
      this.#fail(result.error)
      return false
    }
    if (result.bytes !== undefined) this.#forward(result.bytes)
    return !this.#over
  }

  #end(last: Uint8Array): void {
    if (!this.#committed && !this.#finished) {
      this.#fail(this.#options.errors.invalid('the stream ended without any content'))
      return
    }
    const { translation } = this.#options
    this.#succeed(translation === undefined ? last : translation.end())
  }

  #succeed(last: Uint8Array | undefined): void {
    if (last !== undefined) this.#forward(last)
    if (this.#over) return
    this.#over = true
    this.#owner.onStreamEnd(this.#out)
  }

  /** False when the stream is over: another try was faster. */
  #commit(): boolean {
    if (this.#committed) return true
    if (!this.#owner.onCommit()) {
      this.stop()
      return false
    }
    this.#committed = true
    const held = this.#held
    this.#held = []
    for (const bytes of held) this.#forward(bytes)
    return !this.#over
  }

  #forward(bytes: Uint8Array): void {
    if (bytes.byteLength === 0 || this.#over) return
    if (this.#committed) {
      this.#out.push(bytes)
      this.#outBytes += bytes.byteLength
      return
    }
    this.#held.push(bytes)
    this.#heldBytes += bytes.byteLength
    if (this.#heldBytes > heldStreamBytes) this.#commit()
  }

  #deliver(): void {
    const out = this.#out
    if (out.length === 0) return
    this.#out = []
    const parts = out.length > 1 && this.#outBytes <= joinedBytes ? [Buffer.concat(out, this.#outBytes)] : out
    this.#outBytes = 0
    for (const bytes of parts) if (!this.#owner.onBytes(bytes)) this.#writable = false
  }

  #fail(error: BudError): void {
    if (this.#over) return
    this.#deliver()
    this.stop()
    this.#owner.onStreamError(error)
  }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
