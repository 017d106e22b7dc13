/** Translates requests for one upstream API family. No sockets, no state: fixtures test it completely. */
import type { BudError } from '../error/bud-error.ts'
import type { Secret } from '../config/secret.ts'
import type { Clock } from '../time/clock.ts'
import type { CanonicalOperation, CanonicalRequest, CanonicalResponse } from './canonical.ts'
import type { StreamDecoder } from './dialect.ts'
import type { UpstreamRequest } from './transport.ts'

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

export interface Provider {
  readonly contract: 'provider/1'
  readonly id: string
  /** Calls in this dialect pass through as bytes; others are translated by the codecs below. */
  readonly dialect: string
  readonly framing: 'sse' | 'json-lines' | 'aws-event-stream'
  readonly operations: ReadonlySet<CanonicalOperation>
  /** Where an operation goes, with credentials in the headers; the body is added by whoever calls. */
  endpoint(operation: CanonicalOperation, target: Target): { readonly url: URL; readonly headers: Readonly<Record<string, string>> }
  /** Adds credentials that need time or I/O just before sending: SigV4, OAuth, workload identity. */
  authorize?(request: UpstreamRequest, target: Target, clock: Clock): Promise<UpstreamRequest>
  /** The body of a translated call. Throws BudError 400 for what this upstream cannot express. */
  encodeRequest(request: CanonicalRequest, target: Target): Uint8Array
  decodeResponse(body: Uint8Array, request: CanonicalRequest): CanonicalResponse
  streamDecoder(request: CanonicalRequest): StreamDecoder
  /** From status, headers and body fields, never from message text. */
  decodeFailure(failure: {
    readonly status: number | undefined
    readonly headers: Readonly<Record<string, string | undefined>>
    readonly body: Uint8Array
    readonly cause: unknown
    readonly target: Target
  }): BudError
}
