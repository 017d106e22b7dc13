/** The configuration's section about guardrails: named rails, and to which calls each is attached. */
import { z } from 'zod'
import { credentialSchema } from '../credential-schema.ts'
import { isLinearPattern } from '../pattern/linear-pattern.ts'
import { foldCase, foldWord } from './fold.ts'
import { keywordCount, keywordLength, matchLength, railCount } from './guardrail-limits.ts'
import { piiKinds } from './pii-kinds.ts'

const sides = z
  .array(z.literal(['input', 'output']))
  .min(1)
  .default(['input', 'output'])

/** `block` refuses the call or ends the answer; `mask` puts `mask` in the place of what was found; `annotate` only tells the event. */
const localAction = z.literal(['block', 'mask', 'annotate'])
const mask = z.string().max(keywordLength)

/** What happens when a rail took too long, or gave no judgement: `closed` refuses, `open` lets pass what it has not read. */
const failPolicy = z.literal(['closed', 'open']).default('closed')

/** What rails have in common that work in this process. */
const localFields = {
  /** Longest time of work, in milliseconds, on one side of a call. Default: none, because it grows with the text and no faster. */
  budgetMs: z.number().positive().optional(),
  failPolicy,
}

const keywordsSchema = z.strictObject({
  kind: z.literal('keywords'),
  on: sides,
  ...localFields,
  action: localAction.default('block'),
  /**
   * Found wherever they stand, also inside words; white space in them matches any, up to four characters of it. Compatibility forms (NFKC), dashes
   * and what is not seen (soft hyphens, zero-width characters) make no difference.
   */
  words: z
    .array(
      z
        .string()
        .max(keywordLength)
        .refine((word) => foldWord(word, foldCase).length > 0, 'use a word that is more than white space and characters that are not seen'),
    )
    .min(1)
    .max(keywordCount),
  caseSensitive: z.boolean().default(false),
  mask: mask.default('[removed]'),
})

const regexSchema = z
  .strictObject({
    kind: z.literal('regex'),
    on: sides,
    ...localFields,
    action: localAction.default('block'),
    /** A regular expression of RE2, which takes linear time whatever a caller sends: without look-around and back-references. */
    pattern: z.string().min(1),
    flags: z
      .string()
      .regex(/^[imsu]*$/, 'use flags out of imsu')
      .default(''),
    /** Characters (UTF-16) of the longest match. That much of a stream is held back; longer matches are cut. */
    maxLength: z.int().min(1).max(matchLength),
    /** Whether text is matched as it is written. By default it is matched in its compatibility form (NFKC), without what is not seen. */
    asWritten: z.boolean().default(false),
    mask: mask.default('[removed]'),
  })
  .refine(({ pattern }) => isLinearPattern(pattern), 'expected a regular expression of RE2, without look-around and back-references')

const piiSchema = z.strictObject({
  kind: z.literal('pii'),
  on: sides,
  ...localFields,
  action: localAction.default('mask'),
  detect: z
    .array(z.literal(piiKinds))
    .min(1)
    .default([...piiKinds]),
  /** ISO 3166 code, for telephone numbers without a country code; without it only those with one are found. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'use two capital letters, e.g. DE')
    .optional(),
  /** Default: what was found, e.g. `[EMAIL]`. */
  mask: mask.optional(),
})

const jsonSchemaSchema = z.strictObject({
  kind: z.literal('json-schema'),
  ...localFields,
  /** On input the schema judges the request's body, on output the text of each choice. Streams are held back whole. */
  on: z
    .array(z.literal(['input', 'output']))
    .min(1)
    .default(['output']),
  action: z.literal(['block', 'annotate']).default('block'),
  /** JSON Schema, draft 7. */
  schema: z.record(z.string(), z.unknown()),
})

/** What rails that ask a service have in common. */
const serviceFields = {
  on: sides,
  credential: credentialSchema.optional(),
  /** Longest wait for one judgement. */
  budgetMs: z.number().positive().default(2_000),
  failPolicy,
  /** Characters of a stream that are judged together. */
  windowCharacters: z.int().min(1).max(100_000).default(400),
  /** Characters at the end of a window that are held back and judged again with the next: what is no longer than this is never cut in two. */
  overlapCharacters: z.int().min(0).max(10_000).default(100),
}

const moderationSchema = z.strictObject({
  kind: z.literal('moderation'),
  ...serviceFields,
  action: z.literal(['block', 'annotate']).default('block'),
  /** Of a service that speaks OpenAI's `/moderations`. */
  baseUrl: z.url({ protocol: /^https?$/ }).default('https://api.openai.com/v1'),
  model: z.string().min(1).default('omni-moderation-latest'),
  /** Scores (0 to 1) above which a category counts; default: what the service itself flags. */
  thresholds: z.record(z.string(), z.number().min(0).max(1)).optional(),
})

const httpSchema = z.strictObject({
  kind: z.literal('http'),
  ...serviceFields,
  action: localAction.default('block'),
  url: z.url({ protocol: /^https?$/ }),
  mask: mask.default('[removed]'),
})

const grpcSchema = z.strictObject({
  kind: z.literal('grpc'),
  ...serviceFields,
  action: localAction.default('block'),
  /** `host:port` of a service of `bud.guardrail.v1.Guardrail`. */
  address: z.string().regex(/^[^\s/]+:\d{1,5}$/, 'write host:port'),
  tls: z.boolean().default(true),
  mask: mask.default('[removed]'),
})

const railSchema = z.union([keywordsSchema, regexSchema, piiSchema, jsonSchemaSchema, moderationSchema, httpSchema, grpcSchema])

const names = z.array(z.string().min(1)).min(1)

export const guardrailsSchema = z.strictObject({
  /** By name; that name stands in errors, events and metrics. */
  rails: z
    .record(z.string().regex(/^[\w.-]{1,64}$/, 'use letters, digits, _ . and -'), railSchema)
    .refine((rails) => Object.keys(rails).length <= railCount, `at most ${String(railCount)} rails`),
  /** A call gets the rails of every entry whose conditions it meets; an entry without conditions is met by all. */
  attach: z.array(
    z.strictObject({
      rails: names,
      /** A closing `*` matches any ending. */
      models: names.optional(),
      projects: names.optional(),
      keys: names.optional(),
      /** Tags of the key, all of them. */
      tags: z.record(z.string(), z.string()).optional(),
    }),
  ),
})

export type GuardrailsConfig = z.output<typeof guardrailsSchema>
export type RailConfig = GuardrailsConfig['rails'][string]
export type LocalRailConfig = Extract<RailConfig, { kind: 'keywords' | 'regex' | 'pii' }>
export type ServiceRailConfig = Extract<RailConfig, { kind: 'moderation' | 'http' | 'grpc' }>
export type JsonSchemaRailConfig = Extract<RailConfig, { kind: 'json-schema' }>
export type Side = 'input' | 'output'
