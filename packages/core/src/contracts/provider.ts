/** Translates requests for one upstream API family. No sockets, no state: fixtures test it completely. */
import type { BudError } from '../error/bud-error.ts'
import type { Secret } from '../config/secret.ts'
import type { Clock } from '../time/clock.ts'
import type { CanonicalOperation, CanonicalRequest, CanonicalResponse } from './canonical.ts'
import type { StreamDecoder } from './dialect.ts'
import type { UpstreamRequest } from './transport.ts'

/** One model at one upstream, with one credential. */
export interface Target {
  readonly id: string
  readonly providerId: string
  /** The name that the upstream knows the model by. */
  readonly modelId: string
  readonly baseUrl: URL
  readonly credential: Secret | undefined
  readonly weight: number
  /** Lower tiers are tried first. */
  readonly tier: number
  /** Settings of this provider only, for instance Azure's `apiVersion`; each provider checks its own. */
  readonly options: Readonly<Record<string, string>>
}

/** A field of a request that an upstream cannot express and that was left out; shown to the caller and recorded, never silent. */
export interface DroppedField {
  readonly field: string
  readonly reason: string
}

/** What tells an upstream to carry an assistant message on that stands last, instead of starting a new one. */
export interface Prefill {
  /** Fields of the request. */
  readonly bodyFields?: Readonly<Record<string, unknown>> | undefined
  /** Fields of that message. */
  readonly messageFields?: Readonly<Record<string, unknown>> | undefined
}

/** One upstream API family. */
export interface Provider {
  readonly contract: 'provider/1'
  readonly id: string
  /** The dialect that translated calls are encoded in, and that their answers come back in. */
  readonly dialect: string
  /** Calls in these dialects pass through as bytes; others are translated by the codecs below. */
  readonly passThrough: ReadonlySet<string>
  /** Base URL of targets that name none. */
  readonly defaultBaseUrl?: string | undefined
  readonly framing: 'sse' | 'json-lines' | 'aws-event-stream'
  readonly operations: ReadonlySet<CanonicalOperation>
  /** False where the upstream refuses `stream_options` (it then sends usage unasked). Absent means true. */
  acceptsStreamOptions?(target: Target): boolean
  /** What is sent as the most tokens to write where the caller sets no limit and the upstream wants one. */
  defaultMaxOutputTokens?(target: Target): number
  /** Undefined where the upstream cannot carry on an assistant message of the caller's. */
  prefill?(target: Target): Prefill | undefined
  /** Where an operation goes, with credentials in the headers; the body is added by whoever calls. */
  endpoint(operation: CanonicalOperation, target: Target): { readonly url: URL; readonly headers: Readonly<Record<string, string>> }
  /** Adds credentials that need time or I/O just before sending: SigV4, OAuth, workload identity. */
  authorize?(request: UpstreamRequest, target: Target, clock: Clock): Promise<UpstreamRequest>
  /**
   * The body of a translated call. Throws BudError 400 for what this upstream cannot express; what may be left out (by `target.options.unsupported`:
   * `error` nothing, `drop` everything, unset only what does not change the answer's shape) is reported to `onDrop`.
   */
  encodeRequest(request: CanonicalRequest, target: Target, onDrop?: (dropped: DroppedField) => void): Uint8Array
  decodeResponse(body: Uint8Array, request: CanonicalRequest): CanonicalResponse
  streamDecoder(request: CanonicalRequest): StreamDecoder
  /** An answer that needs no upstream at all, for instance an estimated token count; undefined when the upstream must be asked. */
  answerLocally?(request: CanonicalRequest): CanonicalResponse | undefined
  /** From status, headers and body fields, never from message text. */
  decodeFailure(failure: {
    readonly status: number | undefined
    readonly headers: Readonly<Record<string, string | undefined>>
    readonly body: Uint8Array
    readonly cause: unknown
    readonly target: Target
  }): BudError
}
