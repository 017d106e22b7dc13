/** Every bound of core, with the relations between them that must hold. */
import { invariant } from './error/invariant.ts'

/** Bounds and defaults; each may be overridden where it is used, and no queue, cache, loop or body in core is without one. */
export const coreLimits = Object.freeze({
  /** One server-sent event. OpenAI's largest frames (a whole response object in `response.completed`) stay below a mebibyte; images as base64 need more. */
  sseFrameBytesMax: 16 * 1024 * 1024,
  /** Longest wait that a server's `retryAfterMs` may ask for; longer ones end the retries. */
  retryAfterMsMax: 10 * 60 * 1000,
  /** Longest single back-off. */
  retryDelayMsMax: 30_000,
  retryAttemptsMax: 100,
  /** Items that may wait in one bounded queue. */
  queueItemsMax: 1_000_000,
  /** Callers that may wait for one semaphore. */
  semaphoreWaitersMax: 100_000,
  /** Items in one batch, and batches' items waiting to be delivered. */
  batchItemsMax: 100_000,
  batchWaitingItemsMax: 1_000_000,
  /** setTimeout holds its delay in 32 signed bits; longer ones fire at once. */
  timerMsMax: 2_147_483_647,
  /** A sealed envelope, and the plain text in it (V8's buffers allow more; nothing that is a secret needs it). */
  envelopePlainBytesMax: 16 * 1024 * 1024,
  envelopeBytesMax: 17 * 1024 * 1024,
  envelopeKeysMax: 64,
  /** Bytes of randomness in a generated API key: 256 bits. */
  apiKeyRandomBytes: 32,
  /** Depth, fields and characters of a logged value; what lies beyond is cut and said to be cut. */
  logDepthMax: 8,
  logFieldsMax: 200,
  logValuesMax: 2000,
  logTextCharsMax: 16_384,
  /** Errors in one cause chain that a log line shows. */
  logCausesMax: 8,
  /** Timers that a fake clock runs in one `advance` before it reports a loop. */
  fakeClockTimersMax: 1_000_000,
  /** Issues that a config error lists. */
  configIssuesMax: 100,
})

/** Proves the relations between the bounds; run once by the tests, and by whoever derives limits of their own. */
export function assertCoreLimits(limits: Readonly<Record<keyof typeof coreLimits, number>> = coreLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    invariant(Number.isSafeInteger(value) && value > 0, `the limit ${name} must be a positive whole number, and is ${String(value)}`)
  }
  invariant(limits.retryDelayMsMax <= limits.retryAfterMsMax, 'a back-off must not exceed the longest wait that a server may ask for')
  invariant(limits.retryAfterMsMax <= limits.timerMsMax, 'a wait must fit a timer')
  invariant(limits.batchItemsMax <= limits.batchWaitingItemsMax, 'a whole batch must fit the waiting items')
  invariant(limits.logFieldsMax <= limits.logValuesMax, 'one full object must fit a log line')
  invariant(limits.envelopePlainBytesMax < limits.envelopeBytesMax, 'an envelope must have room for its header beside the plain text')
  invariant(limits.apiKeyRandomBytes * 8 >= 128, 'an API key needs at least 128 bits of randomness')
}
