/** A price made ready for the hot path: which rates apply, and what a usage costs by them, in whole numbers. */
import type { TokenUsage } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'
import { bigPicosToNanos, picosToNanos, toPicos } from './nano-usd.ts'
import type { AdjustedPrice, ModelPrice, PriceEntry, PriceHours, RateCard, Rates } from './price-schema.ts'

/** Pico-dollars per token, and per request. */
interface CompiledRates {
  readonly input: number
  readonly cachedInput: number
  readonly cacheWrite: number
  readonly cacheWrite1h: number
  readonly audioInput: number
  readonly imageInput: number
  readonly output: number
  readonly reasoning: number
  readonly audioOutput: number
  readonly imageOutput: number
  readonly perRequest: number
}

interface CompiledCard {
  readonly rates: CompiledRates
  /** Longest first. */
  readonly longPrompts: readonly { readonly aboveInputTokens: number; readonly rates: CompiledRates }[]
}

interface CompiledHours {
  readonly fromMinute: number
  readonly untilMinute: number
  /** By day of the week, Sunday first; undefined: every day. */
  readonly weekdays: readonly boolean[] | undefined
  /** Days since 1970-01-01. */
  readonly exceptDays: ReadonlySet<number>
  readonly card: CompiledCard
}

/** What decides between the rates of a price. */
export interface PriceMoment {
  readonly unixMs: number
  /** As the upstream told it, else as the request asked for it. */
  readonly serviceTier?: string | undefined
}

/** Where a price comes from: built in, from the configuration, or set at run time. */
export type PriceOrigin = 'built-in' | 'config' | 'admin'

const minutesPerDay = 1_440
const msPerMinute = 60_000
const msPerDay = minutesPerDay * msPerMinute
const weekdayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

function compileRates(rates: Rates): CompiledRates {
  const input = toPicos(rates.inputUsdPerMillionTokens)
  const output = toPicos(rates.outputUsdPerMillionTokens)
  const or = (usd: number | undefined, otherwise: number): number => (usd === undefined ? otherwise : toPicos(usd))
  const cacheWrite = or(rates.cacheWriteInputUsdPerMillionTokens, input)
  return {
    input,
    cachedInput: or(rates.cachedInputUsdPerMillionTokens, input),
    cacheWrite,
    cacheWrite1h: or(rates.cacheWrite1hInputUsdPerMillionTokens, cacheWrite),
    audioInput: or(rates.audioInputUsdPerMillionTokens, input),
    imageInput: or(rates.imageInputUsdPerMillionTokens, input),
    output,
    reasoning: or(rates.reasoningUsdPerMillionTokens, output),
    audioOutput: or(rates.audioOutputUsdPerMillionTokens, output),
    imageOutput: or(rates.imageOutputUsdPerMillionTokens, output),
    // A price per million requests is what `toPicos` expects: one request is a million millionths.
    perRequest: or(rates.usdPerRequest, 0) * 1_000_000,
  }
}

const compileCard = (card: RateCard): CompiledCard => ({
  rates: compileRates(card),
  longPrompts: [...(card.longPrompts ?? [])]
    .sort((left, right) => right.aboveInputTokens - left.aboveInputTokens)
    .map(({ aboveInputTokens, rates }) => ({ aboveInputTokens, rates: compileRates(rates) })),
})

function multiply(card: CompiledCard, multiplier: number): CompiledCard {
  const times = (rates: CompiledRates): CompiledRates => {
    const scale = (picos: number): number => {
      // Through the decimal form, so that 0.3 times 0.1 is 0.03 and not its neighbour.
      const product = Number((picos * multiplier).toPrecision(15))
      if (!Number.isInteger(product)) throw gatewayErrors.PRICE_NOT_EXACT({ multiplier })
      return product
    }
    return {
      input: scale(rates.input),
      cachedInput: scale(rates.cachedInput),
      cacheWrite: scale(rates.cacheWrite),
      cacheWrite1h: scale(rates.cacheWrite1h),
      audioInput: scale(rates.audioInput),
      imageInput: scale(rates.imageInput),
      output: scale(rates.output),
      reasoning: scale(rates.reasoning),
      audioOutput: scale(rates.audioOutput),
      imageOutput: scale(rates.imageOutput),
      perRequest: scale(rates.perRequest),
    }
  }
  return {
    rates: times(card.rates),
    longPrompts: card.longPrompts.map((step) => ({ aboveInputTokens: step.aboveInputTokens, rates: times(step.rates) })),
  }
}

const compileAdjusted = (adjusted: AdjustedPrice, plain: CompiledCard): CompiledCard =>
  'multiplier' in adjusted ? multiply(plain, adjusted.multiplier) : compileCard(adjusted)

const toMinute = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

const compileHours = (hours: PriceHours, plain: CompiledCard): CompiledHours => ({
  fromMinute: toMinute(hours.fromUtc),
  untilMinute: toMinute(hours.untilUtc),
  weekdays: hours.weekdays === undefined ? undefined : weekdayNames.map((name) => hours.weekdays?.includes(name) === true),
  exceptDays: new Set((hours.exceptDates ?? []).map((date) => Date.parse(`${date}T00:00:00Z`) / msPerDay)),
  card: compileAdjusted(hours.price, plain),
})

function beginsOn(hours: CompiledHours, day: number): boolean {
  // 1970-01-01 was a Thursday.
  if (hours.weekdays !== undefined && hours.weekdays[(day + 4) % 7] !== true) return false
  return !hours.exceptDays.has(day)
}

function covers(hours: CompiledHours, unixMs: number): boolean {
  const day = Math.floor(unixMs / msPerDay)
  const minute = Math.floor((unixMs - day * msPerDay) / msPerMinute)
  const { fromMinute, untilMinute } = hours
  if (fromMinute < untilMinute) return minute >= fromMinute && minute < untilMinute && beginsOn(hours, day)
  if (minute >= fromMinute) return beginsOn(hours, day)
  return minute < untilMinute && beginsOn(hours, day - 1)
}

/** Counts of each kind once: every token is in exactly one. */
interface Parts {
  plain: number
  cached: number
  write: number
  write1h: number
  audioIn: number
  imageIn: number
  text: number
  reasoning: number
  audioOut: number
  imageOut: number
}

function partsOf(usage: TokenUsage): Parts {
  let left = usage.inputTokens
  // An upstream that counts a token under two names (cached audio) must not be paid twice for it: the first name wins.
  const take = (count: number): number => {
    const taken = Math.min(count, left)
    left -= taken
    return taken
  }
  const cached = take(usage.cachedInputTokens)
  const written = take(usage.cacheWriteInputTokens)
  const audioIn = take(usage.audioInputTokens ?? 0)
  const imageIn = take(usage.imageInputTokens ?? 0)
  const plain = left
  left = usage.outputTokens
  const reasoning = take(usage.reasoningTokens)
  const audioOut = take(usage.audioOutputTokens ?? 0)
  const imageOut = take(usage.imageOutputTokens ?? 0)
  const write1h = Math.min(usage.cacheWrite1hInputTokens ?? 0, written)
  return { plain, cached, write: written - write1h, write1h, audioIn, imageIn, text: left, reasoning, audioOut, imageOut }
}

function bigSum(parts: Parts, rates: CompiledRates): bigint {
  const pairs: readonly (readonly [number, number])[] = [
    [parts.plain, rates.input],
    [parts.cached, rates.cachedInput],
    [parts.write, rates.cacheWrite],
    [parts.write1h, rates.cacheWrite1h],
    [parts.audioIn, rates.audioInput],
    [parts.imageIn, rates.imageInput],
    [parts.text, rates.output],
    [parts.reasoning, rates.reasoning],
    [parts.audioOut, rates.audioOutput],
    [parts.imageOut, rates.imageOutput],
  ]
  return pairs.reduce((sum, [count, picos]) => sum + BigInt(count) * BigInt(picos), BigInt(rates.perRequest))
}

export class CompiledPrice {
  /** Names this very price: `<origin>:<hash of its content>`. */
  readonly version: string
  readonly origin: PriceOrigin
  readonly entry: PriceEntry
  readonly #plain: CompiledCard
  readonly #tiers: ReadonlyMap<string, CompiledCard>
  readonly #hours: readonly CompiledHours[]

  /** @throws GATEWAY_PRICE_NOT_EXACT when a multiplier makes a price that is no whole number of pico-dollars. */
  constructor(entry: PriceEntry, identity: { readonly version: string; readonly origin: PriceOrigin }) {
    const price: ModelPrice = entry.price
    this.version = identity.version
    this.origin = identity.origin
    this.entry = entry
    this.#plain = compileCard(price)
    this.#tiers = new Map(
      Object.entries(price.serviceTiers ?? {}).map(([name, adjusted]) => [name, compileAdjusted(adjusted, this.#plain)]),
    )
    this.#hours = (price.hours ?? []).map((hours) => compileHours(hours, this.#plain))
  }

  /** Whether the service tier makes a difference: only then it has to be found out. */
  get hasTiers(): boolean {
    return this.#tiers.size > 0
  }

  /** Mean of the plain input and output price, for ranking before anything was measured. */
  get meanUsdPerMillionTokens(): number {
    return (this.entry.price.inputUsdPerMillionTokens + this.entry.price.outputUsdPerMillionTokens) / 2
  }

  /** Whole nano-dollars for one answer. */
  costNanos(usage: TokenUsage, moment: PriceMoment): number {
    const rates = this.#ratesFor(usage.inputTokens, moment)
    const parts = partsOf(usage)
    const picos =
      parts.plain * rates.input +
      parts.cached * rates.cachedInput +
      parts.write * rates.cacheWrite +
      parts.write1h * rates.cacheWrite1h +
      parts.audioIn * rates.audioInput +
      parts.imageIn * rates.imageInput +
      parts.text * rates.output +
      parts.reasoning * rates.reasoning +
      parts.audioOut * rates.audioOutput +
      parts.imageOut * rates.imageOutput +
      rates.perRequest
    // Below the bound every term was exact, because none is negative.
    return picos <= Number.MAX_SAFE_INTEGER ? picosToNanos(picos) : bigPicosToNanos(bigSum(parts, rates))
  }

  #ratesFor(inputTokens: number, moment: PriceMoment): CompiledRates {
    const card = this.#cardFor(moment)
    for (const step of card.longPrompts) if (inputTokens > step.aboveInputTokens) return step.rates
    return card.rates
  }

  #cardFor({ serviceTier, unixMs }: PriceMoment): CompiledCard {
    const tier = serviceTier === undefined || this.#tiers.size === 0 ? undefined : this.#tiers.get(serviceTier)
    if (tier !== undefined) return tier
    for (const hours of this.#hours) if (covers(hours, unixMs)) return hours.card
    return this.#plain
  }
}
