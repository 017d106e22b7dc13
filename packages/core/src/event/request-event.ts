/** One wide row per gateway request: written once, when the request has ended, with its attempts inside. */
import { z } from 'zod'
import { eventEnvelope } from './event.ts'

const ms = z.number().nonnegative()
const count = z.int().nonnegative()

/** How a request or an attempt ended; see `outcome` of the event. */
export const requestOutcomeSchema = z.enum(['success', 'error', 'rejected', 'aborted', 'partial'])

/** One try against one target. */
export const attemptSchema = z.strictObject({
  targetId: z.string(),
  providerId: z.string(),
  /** From the arrival of the request. */
  startMs: ms,
  durationMs: ms,
  status: z.int().optional(),
  outcome: requestOutcomeSchema,
  errorCode: z.string().optional(),
  timeToFirstTokenMs: ms.optional(),
  /** What the provider bills for this try, also when another one answered; absent when it bills nothing, or nobody knows the price. */
  costUsd: z.number().nonnegative().optional(),
  /** True when the try was billed by counts of the gateway and not of the upstream. */
  costEstimated: z.boolean().optional(),
  /** Names the price that it was charged by. */
  priceVersion: z.string().optional(),
  /** Tokens that it was charged for. */
  inputTokens: count.optional(),
  outputTokens: count.optional(),
})

/** Schema of RequestEvent. */
export const requestEventSchema = z.strictObject({
  ...eventEnvelope,
  kind: z.literal('request'),
  /** 32 lower-case hex characters (W3C trace context). */
  traceId: z.string(),
  projectId: z.string(),
  keyId: z.string().optional(),
  userId: z.string().optional(),
  operation: z.enum(['chat', 'completion', 'embedding', 'count-tokens', 'models']),
  /** Wire format of the caller, e.g. `openai-chat`. */
  dialect: z.string(),
  stream: z.boolean(),
  /** As the caller named it, and as the gateway resolved it. */
  requestedModel: z.string(),
  model: z.string().optional(),
  targetId: z.string().optional(),
  providerId: z.string().optional(),
  /** HTTP status that the caller saw. */
  status: z.int(),
  /** `partial`: content was sent, then the answer failed. `rejected`: refused before any upstream. `aborted`: the caller left. */
  outcome: requestOutcomeSchema,
  errorCode: z.string().optional(),
  finishReason: z.string().optional(),
  durationMs: ms,
  timeToFirstTokenMs: ms.optional(),
  /** (last token - first token) / (output tokens - 1). */
  timePerOutputTokenMs: ms.optional(),
  /** Median and longest of the gaps between the content events of a stream; events that came in one piece have none between them. */
  interTokenP50Ms: ms.optional(),
  interTokenMaxMs: ms.optional(),
  /** Time spent in the gateway itself, before the first attempt was sent. */
  overheadMs: ms.optional(),
  inputTokens: count,
  cachedInputTokens: count,
  cacheWriteInputTokens: count,
  outputTokens: count,
  reasoningTokens: count,
  /** `upstream`: as the engine reported; `estimate`: counted by the gateway; `none`: no tokens. */
  usageSource: z.enum(['upstream', 'estimate', 'none']),
  /** What all tries together cost: a whole number of nano-dollars, divided by 1e9. Absent when nothing was billed, or a price is unknown. */
  costUsd: z.number().nonnegative().optional(),
  /** ISO 4217; with every cost. */
  currency: z.literal('USD').optional(),
  /** True when a part of the cost rests on counts of the gateway and not of the upstream. */
  costEstimated: z.boolean().optional(),
  /** Names the price that the answer was charged by: `<origin>:<hash of its content>`. */
  priceVersion: z.string().optional(),
  /** What an answer out of a cache would have cost. */
  savedUsd: z.number().nonnegative().optional(),
  cache: z.enum(['none', 'hit', 'miss']).default('none'),
  requestBytes: count,
  responseBytes: count,
  attempts: z.array(attemptSchema).readonly(),
  clientIp: z.string().optional(),
  userAgent: z.string().optional(),
  /** ISO 3166-1 alpha-2, of `clientIp`. */
  countryCode: z.string().optional(),
  /** ISO 3166-2 without the country. */
  region: z.string().optional(),
  city: z.string().optional(),
  /** What the user agent says: `desktop`, `mobile`, `tablet`, `tv`, `bot`, or `program` for client libraries and command lines. */
  deviceType: z.string().optional(),
  browser: z.string().optional(),
  os: z.string().optional(),
  isBot: z.boolean().optional(),
  /** The blocking rule that turned the request away. */
  blockRuleId: z.string().optional(),
  /** The guardrails that found something, or whose judgement did not come, each as `guard:action`. */
  guardrails: z.array(z.string()).readonly().optional(),
  /** Time spent in guardrails, on both sides of the call. */
  guardrailMs: ms.optional(),
  tags: z.record(z.string(), z.string()).readonly(),
})

/** One try against one target. */
export type Attempt = Readonly<z.infer<typeof attemptSchema>>
/** One request, from arrival to end. */
export type RequestEvent = Readonly<z.infer<typeof requestEventSchema>>
/** How a request or an attempt ended. */
export type RequestOutcome = z.infer<typeof requestOutcomeSchema>
