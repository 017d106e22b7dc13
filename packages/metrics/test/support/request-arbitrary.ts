/** Random request events: few projects, models and instants, so that groups, ties and duplicates happen. */
import { requestEventSchema, type RequestEvent } from '@bud-foundry/core'
import fc from 'fast-check'

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
  },
  { requiredKeys: ['targetId', 'providerId', 'startMs', 'durationMs', 'outcome'] },
)

const compact = (value: object) => Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined))

/** An event inside ten minutes from `baseUnixMs`, valid by core's schema. */
export const requestArbitrary: fc.Arbitrary<RequestEvent> = fc
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
    status: fc.constantFrom(200, 400, 429, 500, 502),
    outcome,
    errorCode: optional(fc.constantFrom('GATEWAY_A', 'GATEWAY_B')),
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
    costUsd: optional(fc.integer({ min: 0, max: 1_000_000 }).map((micros) => micros / 1_000_000)),
    cache: fc.constantFrom('none', 'hit', 'miss'),
    requestBytes: tokens,
    responseBytes: tokens,
    attempts: fc.array(attempt, { maxLength: 3 }),
    clientIp: optional(fc.oneof(fc.ipV4(), fc.ipV6())),
    userAgent: optional(text),
    tags: fc.dictionary(text, text, { maxKeys: 3 }),
  })
  .map((event) => requestEventSchema.parse(compact(event)))

/** A plain event for tests that care about one field. */
export function makeRequest(fields: Partial<RequestEvent> & { readonly id: string }): RequestEvent {
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
