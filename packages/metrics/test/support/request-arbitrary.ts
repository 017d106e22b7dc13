/** Random request events: few projects, models and instants, so that groups, ties and duplicates happen. */
import fc from 'fast-check'
import { storedRequestSchema, type StoredRequest } from '../../src/table/request-details.ts'

/** 2026-09-21 14:13:20 UTC. */
export const baseUnixMs = 1_790_000_000_000

const id = fc.oneof(
  { weight: 4, arbitrary: fc.uuid({ version: 7 }) },
  { weight: 1, arbitrary: fc.string({ minLength: 1, unit: 'binary' }).map((text) => text.toWellFormed()) },
)
const text = fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }).map((value) => value.toWellFormed())
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined })
const ms = fc.oneof(
  fc.integer({ min: 0, max: 120_000 }),
  fc.integer({ min: 0, max: 9_000_000 }).map((micros) => micros / 1000),
)
const usd = fc.integer({ min: 0, max: 1_000_000 }).map((micros) => micros / 1_000_000)
const tokens = fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.constant(0), fc.constant(4_500_000_000))
const outcome = fc.constantFrom('success', 'success', 'error', 'rejected', 'aborted', 'partial')

const attempt = fc.record(
  {
    targetId: text,
    providerId: text,
    startMs: ms,
    durationMs: ms,
    status: fc.integer({ min: 100, max: 599 }),
    outcome,
    errorCode: text,
    timeToFirstTokenMs: ms,
    costUsd: usd,
    costEstimated: fc.constant(true),
    priceVersion: text,
    inputTokens: tokens,
    outputTokens: tokens,
  },
  { requiredKeys: ['targetId', 'providerId', 'startMs', 'durationMs', 'outcome'] },
)

const compact = (value: object) => Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined))

const few = fc.constantFrom('a', 'b')

/** What only some producers tell; false and absent are stored alike. */
const details = fc.record(
  {
    sessionId: text,
    promptId: few,
    promptVersion: few,
    method: fc.constantFrom('GET', 'POST'),
    route: few,
    countryCode: fc.constantFrom('DE', 'IN'),
    region: few,
    city: text,
    latitude: fc.constantFrom(-89.5, 0, 12.25),
    longitude: fc.constantFrom(-179.5, 0, 77.75),
    deviceType: few,
    browser: few,
    os: few,
    isBot: fc.constant(true),
    blockRuleId: few,
    guardrails: fc.uniqueArray(fc.constantFrom('pii:mask', 'toxicity:block'), { minLength: 1 }),
    queueMs: ms,
    interTokenP50Ms: ms,
    interTokenMaxMs: ms,
    guardrailMs: ms,
    savedUsd: usd,
    providerCostUsd: usd,
    currency: fc.constant('USD'),
    costEstimated: fc.constant(true),
    priceVersion: text,
    source: few,
  },
  { requiredKeys: [] },
)

/** An event inside ten minutes from `baseUnixMs`, valid by core's schema. */
export const requestArbitrary: fc.Arbitrary<StoredRequest> = fc
  .record({
    id,
    kind: fc.constant('request'),
    timeUnixMs: fc.oneof(
      fc.integer({ min: 0, max: 20 }).map((step) => baseUnixMs + step * 30_000),
      fc.integer({ min: 0, max: 600_000_000 }).map((micros) => baseUnixMs + micros / 1000),
    ),
    traceId: fc.oneof(
      fc.uuid().map((uuid) => uuid.replaceAll('-', '')),
      text,
    ),
    projectId: fc.constantFrom('alpha', 'beta', "it's \\ quoted"),
    keyId: optional(fc.constantFrom('key-1', 'key-2')),
    userId: optional(text),
    operation: fc.constantFrom('chat', 'completion', 'embedding'),
    dialect: fc.constantFrom('openai-chat', 'anthropic-messages'),
    stream: fc.boolean(),
    requestedModel: fc.constantFrom('llama', 'gemma'),
    model: optional(fc.constantFrom('llama-3.1-8b', 'gemma-3')),
    targetId: optional(fc.constantFrom('gpu-0', 'gpu-1', 'gpu-2')),
    providerId: optional(fc.constantFrom('twin', 'openai')),
    status: fc.constantFrom(200, 400, 401, 402, 429, 500, 502, 504),
    outcome,
    errorCode: optional(fc.constantFrom('GATEWAY_A', 'GATEWAY_BLOCKED_IP', 'GATEWAY_GUARDRAIL_BLOCKED')),
    finishReason: optional(fc.constantFrom('stop', 'length')),
    durationMs: ms,
    timeToFirstTokenMs: optional(ms),
    timePerOutputTokenMs: optional(ms),
    overheadMs: optional(ms),
    inputTokens: tokens,
    cachedInputTokens: tokens,
    cacheWriteInputTokens: tokens,
    outputTokens: tokens,
    reasoningTokens: tokens,
    usageSource: fc.constantFrom('upstream', 'estimate', 'none'),
    costUsd: optional(usd),
    cache: fc.constantFrom('none', 'hit', 'miss'),
    requestBytes: tokens,
    responseBytes: tokens,
    attempts: fc.array(attempt, { maxLength: 3 }),
    clientIp: optional(fc.oneof(fc.ipV4(), fc.ipV6())),
    userAgent: optional(text),
    tags: fc.dictionary(text, text, { maxKeys: 3 }),
  })
  .chain((event) => details.map((more) => storedRequestSchema.parse(compact({ ...event, ...more }))))

/** A plain event for tests that care about one field. */
export function makeRequest(fields: Partial<StoredRequest> & { readonly id: string }): StoredRequest {
  return {
    kind: 'request',
    timeUnixMs: baseUnixMs,
    traceId: '0123456789abcdef0123456789abcdef',
    projectId: 'alpha',
    operation: 'chat',
    dialect: 'openai-chat',
    stream: true,
    requestedModel: 'llama',
    status: 200,
    outcome: 'success',
    durationMs: 100,
    inputTokens: 10,
    cachedInputTokens: 0,
    cacheWriteInputTokens: 0,
    outputTokens: 20,
    reasoningTokens: 0,
    usageSource: 'upstream',
    cache: 'none',
    requestBytes: 200,
    responseBytes: 400,
    attempts: [],
    tags: {},
    ...fields,
  }
}
