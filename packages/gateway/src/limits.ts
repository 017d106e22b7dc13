/** Every bound of the gateway; reaching one is an answer or a counted event, never a surprise. */
import { invariant } from '@bud-foundry/core'

/** Body of a caller's request, unless configured. */
export const defaultBodyBytes = 32 * 1024 * 1024
/** Whole answer that is held in memory before it goes out, unless configured. */
export const defaultAnswerBytes = 64 * 1024 * 1024
/** Body of an upstream's refusal that is read to classify it; the rest is cut off. */
export const failureBodyBytes = 64 * 1024
/** Frames held back before the first content of a stream; beyond it the stream counts as started. */
export const heldStreamBytes = 1024 * 1024
/** Bytes of a stream that wait to be decoded for a possible continuation. */
export const digestedStreamBytes = 64 * 1024
/** Text of one stream that is remembered for a continuation, unless configured; a longer answer cannot be carried on. */
export const defaultRememberedBytes = 1024 * 1024
/** Bytes of an answer that wait for an output filter before its upstream is paused. */
export const filteredBytes = 64 * 1024
/** One server-sent event; a longer one is an upstream failure. */
export const frameBytes = 16 * 1024 * 1024
/** Keys held in memory. */
export const keyCount = 1_000_000
/** Events waiting for the sink; beyond it the oldest are dropped and counted. */
export const pendingEvents = 50_000
/** Captured bodies that wait to be redacted; beyond it payloads are dropped and counted. */
export const pendingPayloadBytes = 32 * 1024 * 1024
/** Payloads that wait for their sink. */
export const pendingPayloadEvents = 500
/** Body that is captured: a larger request is left out, of a longer stream the start is kept. */
export const capturedBodyBytes = 1024 * 1024
/** End of a stream's captured start that is dropped: a secret may have been cut in two there. */
export const cutTailCharacters = 4_096
/** Events handed to the sink in one call. */
export const eventBatch = 32
/** Listeners of live events. */
export const eventListeners = 1_000
/** Series per histogram; further label combinations share one series named `other`. */
export const metricSeries = 2_000
/** Tries of one request, over all targets and fallback models. */
export const attemptsPerRequest = 16
/** Models visited by one request's fallback chain. */
export const fallbackDepth = 8
/** Targets whose state an error names; the others are counted. */
export const namedTargets = 8
/** Length of a request id accepted from a caller. */
export const requestIdLength = 128
/** An upstream's Retry-After above this is not waited for. */
export const retryAfterWaitMs = 5_000
/** How long an upstream may stay open after the closing frame before its connection is dropped. */
export const closingGraceMs = 1_000
/** Origins with a connection pool of their own; beyond it the least recently used idle pool is closed. */
export const upstreamOrigins = 1_000

invariant(failureBodyBytes < defaultAnswerBytes, 'a refusal is read within the bound of an answer')
invariant(eventBatch < pendingEvents, 'a batch fits the buffer')
