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
/** Projects, and users, held in memory. */
export const ownerCount = 1_000_000
/** Credentials in the vault. */
export const credentialCount = 10_000
/** Earlier keys of one record that may be valid beside the current one. */
export const overlappingHashes = 4
/** Limits on one key, project or user. */
export const limitsPerRecord = 16
/** Rules in the configuration. */
export const limitRules = 256
/** Models of one key whose limits are remembered. */
export const plannedModels = 1_000
/** Limits that may count one call; the store takes no more claims at once. */
export const plannedLimits = 64
/** Wait before a store that failed is asked again. */
export const storeRecheckMs = 500
/** Finished calls that the store could not be told of; beyond it their windows keep what was reserved. */
export const unsettledReservations = 50_000
/** Leases renewed in one call of the store. */
export const renewedAtOnce = 1_000
/** Records read from the store at a time. */
export const parallelRecordReads = 64
/** Wait before records are read again after a failure: short, because a revocation may be among them. */
export const recordReloadMs = 250
/** How often records that are over are looked for, and how long they are kept in memory beyond their end. */
export const recordSweepMs = 60_000
export const expiredKeptMs = 86_400_000
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
/** Prices of one book. */
export const priceBookEntries = 10_000
/** Long-prompt steps, hours and exceptions of one price. */
export const priceSteps = 400
/** Body of an administrative request; a whole configuration fits. */
export const adminBodyBytes = 4 * 1024 * 1024
/** Longest time for which a rotated key stays valid. */
export const keyOverlapMaxMs = 90 * 86_400_000
/** Budgets of one gateway. */
export const budgetCount = 10_000
/** How long counted spend waits before it is written to the store. */
export const spendFlushMs = 250
/** Rows of spend that one process keeps in memory: combinations of day, key, user, project, model, target and price. */
export const spendRows = 100_000
/** Rows that one question about spend reads. */
export const spendRowsPerQuery = 1_000_000
/** How long rows of spend are kept: the month before last year's is still there. */
export const spendRetentionDays = 400
/** How long audit events are kept. */
export const auditRetentionDays = 400
/** How long refusals of unknown callers are kept: everybody who reaches the port can make some. */
export const auditStrangerRetentionDays = 30
export const auditEventsPerQuestion = 1_000
/** Audit events that one question reads, whatever fits; beyond it the answer says that it is partial. */
export const auditReadsPerQuestion = 20_000
/** What an event of the trail keeps of the state before, and of that after. */
export const auditChangeBytes = 64 * 1024
/** Refusals of unknown callers that one process audits in a minute, and in a day; further ones are in the log alone. */
export const auditedRefusalsPerMinute = 60
export const auditedRefusalsPerDay = 1_000
/** Tries of one webhook; the wait between them starts with the second number and grows fourfold. */
export const webhookAttempts = 5
export const webhookRetryMs = 1_000
export const webhookTimeoutMs = 10_000
/** Webhooks under way; an alert beyond it is in the log and with the listeners only. */
export const webhooksAtOnce = 1_000
/** How long closing waits for webhooks under way. */
export const webhookCloseMs = 5_000

invariant(failureBodyBytes < defaultAnswerBytes, 'a refusal is read within the bound of an answer')
invariant(eventBatch < pendingEvents, 'a batch fits the buffer')
