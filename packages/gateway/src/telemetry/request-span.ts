/** What a tracing system is told about a request: implemented by parts such as `createOpenTelemetry`. */
import type { Attempt, CanonicalOperation, RequestEvent, Target } from '@bud-foundry/core'

/** The identity that a span has in its trace, as W3C trace context writes it. */
export interface SpanIdentity {
  /** 32 lower-case hex characters. */
  readonly traceId: string
  /** 16 lower-case hex characters. */
  readonly spanId: string
  /** Two hex characters. */
  readonly flags: string
}

/** What is known when a request is admitted or turned away. */
export interface RequestSpanStart {
  readonly operation: CanonicalOperation | RequestEvent['operation']
  /** A name of the configuration; undefined when the caller named no model that there is. */
  readonly model: string | undefined
  readonly startUnixMs: number
  /** Where the request comes from: the caller's trace, if it sent one. */
  readonly parent: SpanIdentity | undefined
  /** Header `tracestate` of the caller. */
  readonly traceState: string | undefined
}

/** One try against one target. */
export interface AttemptSpan {
  /** Headers that make the upstream's spans children of this one. */
  readonly headers: Readonly<Record<string, string>>
  end(record: Attempt, requestStartUnixMs: number): void
}

/** One request. */
export interface RequestSpan {
  readonly identity: SpanIdentity
  startAttempt(target: Target, startUnixMs: number): AttemptSpan
  end(event: RequestEvent): void
}

/** Makes a span per request. Called on the hot path: it must be quick, and must not throw. */
export interface RequestTracer {
  readonly contract: 'request-tracer/1'
  startRequest(start: RequestSpanStart): RequestSpan
}
