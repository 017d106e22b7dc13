/** What prices look like as data: the simple form of core, and everything that providers add to it. */
import { tokenPriceSchema } from '@bud-foundry/core'
import { z } from 'zod'
import { priceBookEntries, priceSteps } from '../limits.ts'
import { isExactUsd } from './nano-usd.ts'

/** US dollars per million units (or per request), at most 6 decimals: then one unit costs a whole number of pico-dollars and sums stay exact. */
const usd = z.number().nonnegative().max(10_000_000).refine(isExactUsd, { message: 'has more than 6 decimals; round it', abort: true })

/** What one unit of each kind costs. A rate that is absent costs what the plainer kind costs: cached and written input as input, the rest as input or output. */
export const ratesSchema = z.strictObject({
  inputUsdPerMillionTokens: usd,
  /** Embedding models have no output: their price is 0. */
  outputUsdPerMillionTokens: usd.default(0),
  cachedInputUsdPerMillionTokens: usd.optional(),
  /** Written to the prompt cache for 5 minutes, and where a provider knows no other time. */
  cacheWriteInputUsdPerMillionTokens: usd.optional(),
  /** Written to the prompt cache for an hour. Absent: as for 5 minutes. */
  cacheWrite1hInputUsdPerMillionTokens: usd.optional(),
  /** Of output that the caller does not see. Absent: as other output. */
  reasoningUsdPerMillionTokens: usd.optional(),
  audioInputUsdPerMillionTokens: usd.optional(),
  audioOutputUsdPerMillionTokens: usd.optional(),
  imageInputUsdPerMillionTokens: usd.optional(),
  imageOutputUsdPerMillionTokens: usd.optional(),
  /** On top, for each answer. */
  usdPerRequest: usd.optional(),
})

/** Rates, and others for long prompts: a prompt above a bound is charged by that bound's rates as a whole. */
const cardSchema = ratesSchema.extend({
  longPrompts: z
    .array(z.strictObject({ aboveInputTokens: z.int().positive(), rates: ratesSchema }))
    .max(priceSteps)
    .optional(),
})

/** Other rates, or all of the plain ones times a factor. */
const adjustedSchema = z.union([z.strictObject({ multiplier: z.number().nonnegative().max(1_000) }), cardSchema])

const timeOfDay = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'expected HH:MM in UTC, such as 16:30')

/** Hours of the day with a price of their own. */
const hoursSchema = z.strictObject({
  fromUtc: timeOfDay,
  /** Not included; at or before `fromUtc` it is that of the next day. */
  untilUtc: timeOfDay,
  /** On which the hours begin; absent: every day. */
  weekdays: z
    .array(z.literal(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
    .min(1)
    .optional(),
  /** On which they do not begin all the same: public holidays. */
  exceptDates: z.array(z.iso.date()).max(priceSteps).optional(),
  price: adjustedSchema,
})

/** Schema of ModelPrice. The plain form of core's TokenPrice is the simple case of it. */
export const modelPriceSchema = cardSchema.extend({
  /** Prices of service tiers, by the name that requests and answers use: `batch`, `flex`, `priority`, … Others pay the plain price. */
  serviceTiers: z.record(z.string().min(1), adjustedSchema).optional(),
  /** The first that matches the time at which the answer was complete; tiers come before it. */
  hours: z.array(hoursSchema).max(priceSteps).optional(),
})

const sourceSchema = z.strictObject({
  url: z.url(),
  /** On which it was read there. */
  readOn: z.iso.date(),
})

const entryFields = {
  price: modelPriceSchema,
  /** From midnight UTC on; a later entry for the same model replaces it then. */
  validFrom: z.iso.date(),
  source: sourceSchema.optional(),
}

/** What an entry is about: one target of the gateway, one of its models, or models as an upstream calls them. */
export const priceSubjectSchema = z.union([
  z.strictObject({ targetId: z.string().min(1) }),
  z.strictObject({ model: z.string().min(1) }),
  z.strictObject({
    provider: z.string().min(1),
    /** Names at the upstream; a closing `*` matches any ending. */
    upstreamModels: z.array(z.string().min(1)).min(1).max(100),
  }),
])

/** Schema of PriceEntry. */
export const priceEntrySchema = z.strictObject({ subject: priceSubjectSchema, ...entryFields })

/** Schema of PriceBookDocument. */
export const priceBookSchema = z.strictObject({
  /** Of the document, for instance its date. */
  version: z.string().min(1).max(100),
  entries: z.array(priceEntrySchema).max(priceBookEntries),
})

/** Everything that decides what an answer of a model costs. */
export type ModelPrice = Readonly<z.output<typeof modelPriceSchema>>
/** The same as it may be written, with defaults left out. */
export type ModelPriceInput = Readonly<z.input<typeof modelPriceSchema>>
export type Rates = Readonly<z.output<typeof ratesSchema>>
export type RateCard = Readonly<z.output<typeof cardSchema>>
export type AdjustedPrice = Readonly<z.output<typeof adjustedSchema>>
export type PriceHours = Readonly<z.output<typeof hoursSchema>>
export type PriceSubject = Readonly<z.output<typeof priceSubjectSchema>>
/** One dated price. */
export type PriceEntry = Readonly<z.output<typeof priceEntrySchema>>
/** Prices as one versioned document. */
export type PriceBookDocument = Readonly<z.output<typeof priceBookSchema>>

// The simple form of core stays a price: this fails to compile when it no longer is.
tokenPriceSchema satisfies z.ZodType<ModelPriceInput>
