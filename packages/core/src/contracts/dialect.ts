/** One wire format (openai-chat, anthropic-messages, ...), shared by endpoints and providers. Pure. */
import type { BudError } from '../error/bud-error.ts'
import type { CanonicalDelta, CanonicalOperation, CanonicalRequest, CanonicalResponse, TokenUsage } from './canonical.ts'

/**
 * `lifecycle` frames may be held back; `content` commits the answer to the caller; `finish` says why the model stopped (it may carry the last
 * content and the usage too, and commits like content); `usage` carries nothing but counts, so it can be stripped from an answer whose caller did
 * not ask for them; `error` fails the answer; `end` closes it. A stream that closes after `finish` without `end` is still whole.
 */
export type FrameKind = 'lifecycle' | 'content' | 'finish' | 'usage' | 'error' | 'end'

/** The few fields of a request that the gateway itself reads, found by scanning the bytes and not by building the whole value. */
export interface RequestHead {
  readonly model: string
  readonly stream: boolean
  /** True when the caller gets usage in the stream anyway: asked for, or always part of the dialect. */
  readonly includeUsage: boolean
  readonly userId: string | undefined
  readonly maxOutputTokens: number | undefined
  /** Number of answers asked for. */
  readonly choices: number
  /** Raw JSON of a top-level field (of the last one, where it is repeated), a view of the body; undefined when absent. */
  raw(field: string): Uint8Array | undefined
}

/** Turns canonical deltas into the bytes of one streamed answer; synchronous, one per answer. */
export interface StreamEncoder {
  push(delta: CanonicalDelta): Uint8Array | undefined
  /** The closing bytes of a stream that ended well. */
  end(): Uint8Array | undefined
}

/** Turns the frames of one upstream stream into canonical deltas; synchronous, one per answer. Throws BudError on bytes that are none. */
export interface StreamDecoder {
  /** One whole server-sent event: `event` name if any, and its data. */
  push(frame: { readonly event: string | undefined; readonly data: string }): readonly CanonicalDelta[]
  /** True once the upstream has said that its answer is whole; a stream that closes before is broken off. */
  readonly complete: boolean
}

/** One wire format. */
export interface Dialect {
  readonly contract: 'dialect/1'
  readonly id: string
  /** Throws BudError 400 when the body is no JSON object or one of the fields that the gateway reads is missing or of the wrong type. */
  readHead(body: Uint8Array): RequestHead
  /**
   * Rewrites the few fields that the gateway owns without rebuilding the rest of the body. `includeUsage: true` asks the upstream for usage in the
   * stream, where the dialect has such a switch. A `head` that was read from the same body saves the second scan.
   */
  splice(body: Uint8Array, owned: { readonly model: string; readonly includeUsage?: boolean }, head?: RequestHead): Uint8Array
  /** What one frame (a whole server-sent event with its field names) is, decided without parsing it whole where possible. */
  classify(frame: Uint8Array): FrameKind
  /**
   * Usage in one frame of a stream or in a whole answer; undefined when it carries none. Ask for every frame that is not `content`.
   * Counts that the frame leaves out are taken from `earlier`: some upstreams report input at the start and output at the end.
   */
  usage(frameOrBody: Uint8Array, earlier?: TokenUsage): TokenUsage | undefined
  /** The error in the caller's dialect: a body, or, when streaming, the event that ends a stream that has already begun. */
  encodeError(error: BudError, streaming: boolean): Uint8Array
  /** Parses a caller's body. Throws BudError with status 400 that names the field. */
  decodeRequest(body: Uint8Array, operation: CanonicalOperation): CanonicalRequest
  encodeResponse(response: CanonicalResponse, request: CanonicalRequest): Uint8Array
  /** Reads a stream in this dialect, so that one that broke off can be carried on; absent where that makes no sense. */
  streamDecoder?(request: CanonicalRequest): StreamDecoder
  streamEncoder(request: CanonicalRequest, answer: { readonly includeUsage: boolean; readonly createdUnixSeconds: number }): StreamEncoder
}
