/** One wire format (openai-chat, anthropic-messages, ...), shared by endpoints and providers. Pure. */
import type { BudError } from '../error/bud-error.ts'
import type { CanonicalDelta, CanonicalOperation, CanonicalRequest, CanonicalResponse, TokenUsage } from './canonical.ts'

/** `lifecycle` frames may be held back; `content` commits the answer to the caller; `error` fails it; `end` closes it. */
export type FrameKind = 'lifecycle' | 'content' | 'usage' | 'error' | 'end'

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
}

export interface Dialect {
  readonly contract: 'dialect/1'
  readonly id: string
  /** Rewrites the few fields that the gateway owns without rebuilding the rest of the body. */
  splice(body: Uint8Array, owned: { readonly model: string; readonly includeUsage?: boolean }): Uint8Array
  /** What one frame of a stream is, decided without parsing it whole where possible. */
  classify(frame: Uint8Array): FrameKind
  /** Usage in one frame of a stream or in a whole answer; undefined when it carries none. */
  usage(frameOrBody: Uint8Array): TokenUsage | undefined
  encodeError(error: BudError, streaming: boolean): Uint8Array
  /** Parses a caller's body. Throws BudError with status 400 that names the field. */
  decodeRequest(body: Uint8Array, operation: CanonicalOperation): CanonicalRequest
  encodeResponse(response: CanonicalResponse, request: CanonicalRequest): Uint8Array
  streamEncoder(request: CanonicalRequest, answer: { readonly includeUsage: boolean; readonly createdUnixSeconds: number }): StreamEncoder
}
