/** The gateway's configuration as one strict schema: data only, parts (stores, sinks, clocks) are passed beside it. */
import { z } from 'zod'
import { blockingConfigSchema } from './blocking/blocking-rule.ts'
import { cacheConfigSchema } from './cache/cache-config.ts'
import { idempotencyConfigSchema } from './idempotency/idempotency-config.ts'
import { credentialSchema } from './credential-schema.ts'
import { guardrailsSchema } from './guardrail/guardrail-config.ts'
import { rateLimitsSchema } from './limit/limit-config.ts'
import { modelPriceSchema, priceBookSchema } from './money/price-schema.ts'
import { attemptsPerRequest, defaultAnswerBytes, defaultBodyBytes, defaultRememberedBytes, fallbackDepth } from './limits.ts'
import { isLinearPattern } from './pattern/linear-pattern.ts'

const positiveMs = z.number().positive()
const weight = z.number().nonnegative()

export const targetSchema = z.strictObject({
  /** Unique in the gateway; default `<model>/<number>`. */
  id: z.string().min(1).optional(),
  provider: z.string().min(1),
  /** The name that the upstream knows the model by; default: the model's own name. */
  model: z.string().min(1).optional(),
  /** Default: the provider's public address, where it has one. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Several credentials count as several targets that share the weight. */
  credential: z.union([credentialSchema, z.array(credentialSchema).min(1)]).optional(),
  weight: weight.default(1),
  /** Lower tiers are tried first. */
  tier: z.int().nonnegative().default(0),
  options: z.record(z.string(), z.string()).default({}),
  price: modelPriceSchema.optional(),
})

const timeoutsSchema = z.strictObject({
  /** Until a connection to the upstream stands. */
  connectMs: positiveMs.default(5_000),
  /** Of one attempt, until the first content of a stream. */
  ttftMs: positiveMs.default(60_000),
  /** Between two pieces of an upstream's answer. */
  idleMs: positiveMs.default(60_000),
  /** Of one attempt that does not stream, until its headers. */
  headersMs: positiveMs.default(300_000),
  /** Of the whole request, all attempts included. */
  totalMs: positiveMs.default(600_000),
})

const retrySchema = z.strictObject({
  /** Tries per model, the first one included. */
  attempts: z.int().min(1).max(attemptsPerRequest).default(3),
  backoffMs: positiveMs.default(50),
  backoffMaxMs: positiveMs.default(2_000),
  /** Second and later tries may not exceed this share of all requests, plus `budgetPerSecond`. */
  budgetRatio: z.number().min(0).max(10).default(0.2),
  budgetPerSecond: z.number().nonnegative().default(10),
})

const breakerSchema = z.strictObject({
  /** Consecutive failures of a target that open its breaker. */
  failures: z.int().min(1).default(5),
  openMs: positiveMs.default(5_000),
  /** Doubles with each failed probe up to here. */
  openMaxMs: positiveMs.default(60_000),
})

const ejectionSchema = z.strictObject({
  /** Error rate (0 to 1) above which a target is set aside while others are better; 1 switches this off. */
  errorRate: z.number().min(0).max(1).default(0.6),
  /** Attempts that must have been seen first. */
  minimumAttempts: z.int().min(1).default(20),
  ejectMs: positiveMs.default(10_000),
  /** At most this share of a model's targets is set aside at once. */
  maximumShare: z.number().min(0).max(1).default(0.5),
})

const hedgeSchema = z.strictObject({
  /** A second try starts when no content has come after this time; `p95` takes the model's measured value. */
  after: z.union([z.literal(['p90', 'p95', 'p99']), positiveMs]),
  /** Used until enough has been measured. */
  initialMs: positiveMs.default(2_000),
  /** Tries in flight at once, the first one included. */
  maximum: z.int().min(2).max(4).default(2),
})

const healthCheckSchema = z.strictObject({
  /** Relative to the origin of the target's base URL. */
  path: z.string().startsWith('/').default('/health'),
  intervalMs: positiveMs.default(10_000),
  timeoutMs: positiveMs.default(2_000),
  /** Consecutive failures that take a target out, and successes that bring it back. */
  unhealthyAfter: z.int().min(1).default(2),
  healthyAfter: z.int().min(1).default(1),
})

const streamSchema = z.strictObject({
  /** When a stream breaks off after content: `error` ends it with a typed error, `continue` has another target carry it on. */
  onFailure: z.literal(['error', 'continue']).default('error'),
  /** Text that is remembered per stream for `continue`; what is longer ends with an error. */
  rememberedBytes: z.int().positive().default(defaultRememberedBytes),
})

export const modelSchema = z.strictObject({
  targets: z.array(targetSchema).min(1).optional(),
  /** Sends each caller to one of several models, by weight; the same caller stays with the same one. */
  variants: z
    .array(z.strictObject({ model: z.string().min(1), weight }))
    .min(1)
    .optional(),
  /** Id of a routing policy. */
  policy: z.string().min(1).default('weighted'),
  /** Models to try, in order, when this one has failed. */
  fallbacks: z.array(z.string().min(1)).max(fallbackDepth).default([]),
  /** Receives a copy of a share of the requests; its answers are recorded and thrown away. */
  shadow: z.strictObject({ model: z.string().min(1), share: z.number().min(0).max(1) }).optional(),
  timeouts: timeoutsSchema.partial().optional(),
  retry: retrySchema.partial().optional(),
  hedge: hedgeSchema.optional(),
  healthCheck: healthCheckSchema.optional(),
  stream: streamSchema.default(streamSchema.parse({})),
  price: modelPriceSchema.optional(),
  /** False accepts a stream that closes after its finish reason, without its dialect's closing event. */
  requireTerminator: z.boolean().default(true),
  ownedBy: z.string().min(1).default('bud'),
  createdUnixSeconds: z.int().nonnegative().default(0),
  /** Listed by /v1/models. */
  listed: z.boolean().default(true),
})

const corsSchema = z
  .strictObject({
    /** Exact origins, or `*`. */
    origins: z.array(z.string().min(1)).min(1),
    /** Request headers that a page may send; `*` allows whatever it asks for, as the official clients' many `x-stainless-*`. */
    headers: z.array(z.string().min(1)).default(['*']),
    exposedHeaders: z.array(z.string().min(1)).default(['x-request-id', 'retry-after']),
    credentials: z.boolean().default(false),
    maxAgeSeconds: z.int().nonnegative().default(600),
  })
  .refine(({ origins, credentials }) => !(credentials && origins.includes('*')), {
    path: ['credentials'],
    message: "with origins ['*'] every page could act as its visitor; name the origins",
  })

const headersSchema = z.strictObject({
  /** Request headers that pass on to the upstream; a closing `*` matches any ending. Idempotency keys do not by default: upstreams see one credential, and callers choose the same words. */
  toUpstream: z.array(z.string().min(1)).default(['anthropic-beta', 'anthropic-version', 'openai-beta']),
  /** Response headers that pass back to the caller. */
  toCaller: z
    .array(z.string().min(1))
    .default([
      'x-ratelimit-*',
      'anthropic-ratelimit-*',
      'openai-processing-ms',
      'openai-model',
      'openai-version',
      'request-id',
      'retry-after',
    ]),
  /** Number of own proxies in front; that many entries of X-Forwarded-For are believed. */
  trustedProxies: z.int().nonnegative().default(0),
  /** Caller's header that keeps a session on one target. */
  session: z.string().min(1).default('x-session-id'),
})

const captureSchema = z.strictObject({
  /** Share of requests, 0 to 1, whose bodies go to `parts.payloads`. */
  share: z.number().min(0).max(1),
  /** Of a request's body, and of its answer, after redaction. */
  maxBytes: z
    .int()
    .positive()
    .default(64 * 1024),
  /** `keys` (credentials of well-known forms), `emails`, and regular expressions (RE2) of your own; matches become `[redacted]`. */
  redact: z
    .array(
      z.union([
        z.literal(['keys', 'emails']),
        z
          .strictObject({
            pattern: z.string().min(1),
            flags: z
              .string()
              .regex(/^[gimsu]*$/, 'use flags out of gimsu')
              .default(''),
          })
          .refine(
            ({ pattern }) => isLinearPattern(pattern),
            'expected a regular expression of RE2, without look-around and back-references',
          ),
      ]),
    )
    .default(['keys', 'emails']),
})

export const gatewayConfigSchema = z.strictObject({
  models: z.record(z.string().min(1), modelSchema),
  /** `keys`: every call needs a virtual key. `none`: only for a gateway that no one else can reach. */
  auth: z.strictObject({ kind: z.literal(['keys', 'none']) }).default({ kind: 'keys' }),
  timeouts: timeoutsSchema.default(timeoutsSchema.parse({})),
  retry: retrySchema.default(retrySchema.parse({})),
  breaker: breakerSchema.default(breakerSchema.parse({})),
  ejection: ejectionSchema.default(ejectionSchema.parse({})),
  /** Who may not even ask. Absent: everybody may. */
  blocking: blockingConfigSchema.optional(),
  /** Answers that are kept and given again. Absent: none. */
  cache: cacheConfigSchema.optional(),
  /** Honours the header `idempotency-key`. Absent: it means nothing here, and passes on where `headers.toUpstream` names it. */
  idempotency: idempotencyConfigSchema.optional(),
  /** Tags events with the caller's program, and with its country where `parts.geo` is given. */
  clientInfo: z.boolean().default(false),
  disconnect: z
    .strictObject({
      /** `abort` stops the upstream at once; `drain-for-usage` reads on, so that what it charges is known. */
      kind: z.literal(['abort', 'drain-for-usage']).default('abort'),
      drainMs: positiveMs.default(30_000),
    })
    .default({ kind: 'abort', drainMs: 30_000 }),
  headers: headersSchema.default(headersSchema.parse({})),
  cors: corsSchema.optional(),
  /** A price book of your own; the prices beside models and targets go before it, and the built-in ones come after it. */
  prices: priceBookSchema.optional(),
  limits: z
    .strictObject({
      bodyBytes: z.int().positive().default(defaultBodyBytes),
      answerBytes: z.int().positive().default(defaultAnswerBytes),
    })
    .default({ bodyBytes: defaultBodyBytes, answerBytes: defaultAnswerBytes }),
  /** What keys, users, projects and models may use. */
  rateLimits: rateLimitsSchema.default(rateLimitsSchema.parse({})),
  /** What requests and answers may not say. Absent: nothing is looked at. */
  guardrails: guardrailsSchema.optional(),
  telemetry: z
    .strictObject({
      /** Longest wait of an event before the sink gets it. */
      flushMs: positiveMs.default(250),
      /** Absent: no body is kept anywhere. */
      capture: captureSchema.optional(),
    })
    .default({ flushMs: 250 }),
})

/** What `createGateway` accepts. */
export type GatewayConfigInput = z.input<typeof gatewayConfigSchema>
/** The same with every default filled in. */
export type GatewayConfig = z.output<typeof gatewayConfigSchema>
export type ModelConfig = GatewayConfig['models'][string]
export type TargetConfig = z.output<typeof targetSchema>
export type Timeouts = GatewayConfig['timeouts']
export type RetryConfig = GatewayConfig['retry']
export type BreakerConfig = GatewayConfig['breaker']
export type EjectionConfig = GatewayConfig['ejection']
export type HedgeConfig = z.output<typeof hedgeSchema>
export type HealthCheckConfig = z.output<typeof healthCheckSchema>
export type CredentialConfig = z.output<typeof credentialSchema>
export type CaptureConfig = z.output<typeof captureSchema>
export type CorsConfig = z.output<typeof corsSchema>
