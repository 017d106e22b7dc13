/** Splits a byte stream into whole server-sent event frames without decoding text: the hot path of a relay. */
import { coreErrors } from '../error/core-errors.ts'
import { coreLimits } from '../limits.ts'

const lf = 10
const cr = 13
const nothing = new Uint8Array(0)

/** Cuts one stream into frames. */
export interface SseFramer {
  /**
   * The frames that this chunk completes, each with its terminating blank line; blank lines before a frame belong to it, so that
   * frames and rest, put together, are the input. A frame inside one chunk is a view of it, not a copy.
   * @throws CORE_SSE_FRAME_TOO_LARGE; when frames precede the large one in the same chunk, they are returned first and the next call throws.
   */
  push(chunk: Uint8Array): readonly Uint8Array[]
  /** What is left when the stream has ended: whole only if its blank line was a CR that an LF could still have followed. */
  end(): { readonly bytes: Uint8Array; readonly whole: boolean } | undefined
}

class Framer implements SseFramer {
  readonly #frameBytesMax: number
  /** Bytes of the unfinished frame from earlier chunks: the first `#keptBytes` of a buffer that grows by doubling. */
  #kept: Uint8Array = nothing
  #keptBytes = 0
  /** The current line has no byte so far. */
  #lineEmpty = true
  /** The frame has a line that is not blank. */
  #hasContent = false
  /** The previous byte was a CR, so an LF now belongs to it. */
  #afterCr = false
  /** The blank line ended by a CR: the frame ends here, or after the LF that may follow. */
  #held = false
  /** The line before this one ended by a lone CR: the stream uses CR alone, and no LF is waited for. */
  #loneCr = false
  #failure: Error | undefined

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax
  }

  push(chunk: Uint8Array): readonly Uint8Array[] {
    if (this.#failure !== undefined) throw this.#failure
    const frames: Uint8Array[] = []
    const length = chunk.length
    let start = 0
    let position = 0
    // Each is searched for again only when passed, so a chunk without CR is scanned for it once.
    let nextLf = chunk.indexOf(lf)
    let nextCr = chunk.indexOf(cr)
    if (nextLf < 0) nextLf = length
    if (nextCr < 0) nextCr = length

    while (position < length) {
      if (this.#afterCr) {
        this.#afterCr = false
        if (nextLf === position) {
          position += 1
          nextLf = chunk.indexOf(lf, position)
          if (nextLf < 0) nextLf = length
          this.#loneCr = false
          if (!this.#held) continue
        } else {
          this.#loneCr = true
        }
        if (this.#held) {
          if (!this.#cut(frames, chunk, start, position)) return frames
          start = position
          continue
        }
      }
      const lineEnd = nextLf < nextCr ? nextLf : nextCr
      if (lineEnd > position) {
        this.#lineEmpty = false
        this.#hasContent = true
      }
      if (lineEnd === length) break
      const blank = this.#lineEmpty && this.#hasContent
      this.#lineEmpty = true
      position = lineEnd + 1
      if (lineEnd === nextLf) {
        nextLf = chunk.indexOf(lf, position)
        if (nextLf < 0) nextLf = length
        this.#loneCr = false
        if (!blank) continue
      } else {
        nextCr = chunk.indexOf(cr, position)
        if (nextCr < 0) nextCr = length
        if (!blank || !this.#loneCr) {
          this.#afterCr = true
          this.#held = blank
          continue
        }
      }
      if (!this.#cut(frames, chunk, start, position)) return frames
      start = position
    }

    this.#keep(frames, chunk, start)
    return frames
  }

  end(): { readonly bytes: Uint8Array; readonly whole: boolean } | undefined {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#keptBytes === 0) return undefined
    const rest = { bytes: this.#kept.slice(0, this.#keptBytes), whole: this.#held }
    this.#forget()
    return rest
  }

  #forget(): void {
    this.#kept = nothing
    this.#keptBytes = 0
    this.#lineEmpty = true
    this.#hasContent = false
    this.#held = false
    this.#loneCr = false
  }

  /** Ends the frame before `end`; false when it was too large. */
  #cut(frames: Uint8Array[], chunk: Uint8Array, start: number, end: number): boolean {
    if (!this.#fits(frames, this.#keptBytes + end - start)) return false
    if (this.#keptBytes === 0) {
      frames.push(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end))
    } else {
      const frame = new Uint8Array(this.#keptBytes + end - start)
      frame.set(this.#kept.subarray(0, this.#keptBytes))
      frame.set(chunk.subarray(start, end), this.#keptBytes)
      frames.push(frame)
    }
    this.#forget()
    return true
  }

  /** Copies the unfinished rest of a chunk: the caller may reuse the chunk's memory. */
  #keep(frames: Uint8Array[], chunk: Uint8Array, start: number): void {
    const keptBytes = this.#keptBytes + chunk.length - start
    if (start === chunk.length || !this.#fits(frames, keptBytes)) return
    if (keptBytes > this.#kept.length) {
      const grown = new Uint8Array(Math.max(keptBytes, Math.min(2 * this.#kept.length, this.#frameBytesMax)))
      grown.set(this.#kept.subarray(0, this.#keptBytes))
      this.#kept = grown
    }
    this.#kept.set(start === 0 ? chunk : chunk.subarray(start), this.#keptBytes)
    this.#keptBytes = keptBytes
  }

  #fits(frames: readonly Uint8Array[], frameBytes: number): boolean {
    if (frameBytes <= this.#frameBytesMax) return true
    this.#forget()
    this.#failure = coreErrors.SSE_FRAME_TOO_LARGE({ limitBytes: this.#frameBytesMax })
    if (frames.length === 0) throw this.#failure
    return false
  }
}

/** One framer for one stream. Lines may end in LF, CRLF or CR. */
export function createSseFramer(options: { readonly frameBytesMax?: number } = {}): SseFramer {
  return new Framer(options.frameBytesMax ?? coreLimits.sseFrameBytesMax)
}
