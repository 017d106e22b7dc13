/** Builds the RequestEvent of a finished request. */
import type { Attempt as AttemptRecord, RequestEvent, RequestOutcome, TokenUsage } from '@bud-foundry/core'
import type { TokenGaps } from '../dispatch/token-gaps.ts'
import type { RequestBill } from '../money/charge.ts'
import { toUsd } from '../money/nano-usd.ts'
import { clientAddress } from '../pipeline/header-policy.ts'
import type { RequestContext } from '../pipeline/request-context.ts'
import { endRequestSpan, startRequestSpan } from './trace-request.ts'

export interface CallEnd {
  readonly operation: RequestEvent['operation']
  readonly dialectId: string
  readonly stream: boolean
  readonly requestedModel: string
  readonly model?: string | undefined
  readonly targetId?: string | undefined
  readonly providerId?: string | undefined
  readonly status: number
  readonly outcome: RequestOutcome
  readonly errorCode?: string | undefined
  readonly finishReason?: string | undefined
  /** On the clock's monotonic time. */
  readonly firstContentMs?: number | undefined
  readonly firstAttemptMs?: number | undefined
  readonly endMs: number
  /** Of the answer; of all its parts when it came in several. */
  readonly usage?: TokenUsage | undefined
  /** Between the content events of a stream; of an answer in several parts, those of the last. */
  readonly gaps?: TokenGaps | undefined
  /** Whether the gateway counted, and not the upstream. */
  readonly usageEstimated?: boolean | undefined
  /** Of all tries. */
  readonly bill?: Pick<RequestBill, 'nanos' | 'estimated'> | undefined
  readonly priceVersion?: string | undefined
  /** Of an answer out of a cache. */
  readonly savedUsd?: number | undefined
  readonly requestBytes: number
  readonly responseBytes: number
  readonly attempts: readonly AttemptRecord[]
  readonly tags?: Readonly<Record<string, string>> | undefined
}

const noTags: Readonly<Record<string, string>> = {}

function timePerOutputTokenMs(end: CallEnd): number | undefined {
  const { usage } = end
  if (end.firstContentMs === undefined || usage === undefined || usage.outputTokens < 2) return undefined
  return Math.max(0, end.endMs - end.firstContentMs) / (usage.outputTokens - 1)
}

/** Of the cost, only what is known. */
function costFields({ bill, priceVersion, savedUsd }: CallEnd): Partial<RequestEvent> {
  const saved = savedUsd === undefined ? {} : { savedUsd }
  if (bill?.nanos === undefined) return saved
  return { ...saved, costUsd: toUsd(bill.nanos), currency: 'USD', costEstimated: bill.estimated, priceVersion }
}

export function buildRequestEvent(context: RequestContext, end: CallEnd): RequestEvent {
  const { key, startMs, services, exchange } = context
  const { usage } = end
  return {
    id: context.id,
    kind: 'request',
    timeUnixMs: context.startUnixMs,
    traceId: context.trace.traceId,
    projectId: key?.projectId ?? 'default',
    keyId: key?.id,
    userId: key?.userId,
    operation: end.operation,
    dialect: end.dialectId,
    stream: end.stream,
    requestedModel: end.requestedModel,
    model: end.model,
    targetId: end.targetId,
    providerId: end.providerId,
    status: end.status,
    outcome: end.outcome,
    errorCode: end.errorCode,
    finishReason: end.finishReason,
    durationMs: Math.max(0, end.endMs - startMs),
    timeToFirstTokenMs: end.firstContentMs === undefined ? undefined : end.firstContentMs - startMs,
    timePerOutputTokenMs: timePerOutputTokenMs(end),
    interTokenP50Ms: end.gaps?.p50Ms,
    interTokenMaxMs: end.gaps === undefined || end.gaps.count === 0 ? undefined : end.gaps.maxMs,
    overheadMs: end.firstAttemptMs === undefined ? undefined : end.firstAttemptMs - startMs,
    inputTokens: usage?.inputTokens ?? 0,
    cachedInputTokens: usage?.cachedInputTokens ?? 0,
    cacheWriteInputTokens: usage?.cacheWriteInputTokens ?? 0,
    outputTokens: usage?.outputTokens ?? 0,
    reasoningTokens: usage?.reasoningTokens ?? 0,
    usageSource: usage === undefined ? 'none' : end.usageEstimated === true ? 'estimate' : 'upstream',
    ...costFields(end),
    cache: context.stages?.cache ?? 'none',
    requestBytes: end.requestBytes,
    responseBytes: end.responseBytes,
    attempts: end.attempts,
    clientIp: clientAddress(services.snapshot.headerPolicy, exchange),
    userAgent: exchange.header('user-agent'),
    ...context.stages?.facts,
    tags: tagsOf(context, end),
  }
}

function tagsOf(context: RequestContext, end: CallEnd): Readonly<Record<string, string>> {
  const keyTags = context.key?.tags
  const stageTags = context.stages?.tags
  if (context.requestId === context.id && end.tags === undefined && stageTags === undefined) return keyTags ?? noTags
  return { ...keyTags, ...end.tags, ...stageTags, ...(context.requestId === context.id ? {} : { requestId: context.requestId }) }
}

/** Gives the event to everyone who wants it: metrics, listeners, sink. */
export function recordRequest(context: RequestContext, end: CallEnd): RequestEvent {
  startRequestSpan(context, end.operation, end.model)
  const event = buildRequestEvent(context, end)
  const { metrics, live, pump } = context.services
  try {
    metrics.record(event, end.gaps)
    if (live.isWatched) live.emit(event)
    pump?.push(event)
    endRequestSpan(context, event)
  } finally {
    // Whatever listeners do: what stages hold must be given back.
    context.stages?.finish(event)
  }
  return event
}
