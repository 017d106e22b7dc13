/**
 * Prices that come with the gateway: few, each from the provider's own page. They go out of date without notice; the configuration and the
 * administrator's prices go before them.
 */
import type { ModelPriceInput, PriceBookDocument } from './price-schema.ts'
import { priceBookSchema } from './price-schema.ts'

/** On which the stored copies of the pages below were read. */
const readOn = '2026-11-23'

interface BuiltIn {
  readonly provider: string
  readonly upstreamModels: string[]
  readonly url: string
  readonly price: ModelPriceInput
}

/** Anthropic's table has five columns; batches are half of each ("50% discount"). */
const claude = (
  upstreamModels: string[],
  url: string,
  usd: { readonly input: number; readonly output: number; readonly read: number; readonly write5m: number; readonly write1h: number },
): BuiltIn => ({
  provider: 'anthropic',
  upstreamModels,
  url,
  price: {
    inputUsdPerMillionTokens: usd.input,
    outputUsdPerMillionTokens: usd.output,
    cachedInputUsdPerMillionTokens: usd.read,
    cacheWriteInputUsdPerMillionTokens: usd.write5m,
    cacheWrite1hInputUsdPerMillionTokens: usd.write1h,
    serviceTiers: { batch: { multiplier: 0.5 } },
  },
})

const claudePricing = 'https://platform.claude.com/docs/en/about-claude/pricing'
const claudeModel = (name: string) => `https://platform.claude.com/docs/en/models/${name}/overview`

/** The page has two prices, and off-peak is half of peak. Chinese public holidays are off-peak too; they are not in this table. */
const deepseek = (
  upstreamModels: string[],
  peak: { readonly input: number; readonly cached: number; readonly output: number },
): BuiltIn => {
  const working = ['mon', 'tue', 'wed', 'thu', 'fri'] as const
  const atPeak = {
    inputUsdPerMillionTokens: peak.input,
    cachedInputUsdPerMillionTokens: peak.cached,
    outputUsdPerMillionTokens: peak.output,
  }
  return {
    provider: 'deepseek',
    upstreamModels,
    url: 'https://api-docs.deepseek.com/quick_start/pricing',
    price: {
      inputUsdPerMillionTokens: peak.input / 2,
      cachedInputUsdPerMillionTokens: peak.cached / 2,
      outputUsdPerMillionTokens: peak.output / 2,
      hours: [
        { fromUtc: '01:00', untilUtc: '04:00', weekdays: [...working], price: atPeak },
        { fromUtc: '06:00', untilUtc: '10:00', weekdays: [...working], price: atPeak },
      ],
    },
  }
}

const entries: readonly BuiltIn[] = [
  claude(
    ['claude-opus-5', 'claude-opus-4-8', 'claude-opus-4-7', 'claude-opus-4-6', 'claude-opus-4-5', 'claude-opus-4-5-*'],
    claudePricing,
    {
      input: 5,
      output: 25,
      read: 0.5,
      write5m: 6.25,
      write1h: 10,
    },
  ),
  claude(['claude-sonnet-5-5'], claudeModel('sonnet-5-5'), { input: 2, output: 10, read: 0.2, write5m: 2.5, write1h: 4 }),
  claude(['claude-sonnet-5'], claudeModel('sonnet-5'), { input: 2, output: 10, read: 0.2, write5m: 2.5, write1h: 4 }),
  claude(['claude-sonnet-4-6'], claudePricing, { input: 3, output: 15, read: 0.3, write5m: 3.75, write1h: 6 }),
  claude(['claude-haiku-4-5', 'claude-haiku-4-5-*'], claudePricing, { input: 1, output: 5, read: 0.1, write5m: 1.25, write1h: 2 }),
  deepseek(['deepseek-flash', 'deepseek-v4-flash'], { input: 0.3, cached: 0.006, output: 1.2 }),
  deepseek(['deepseek-v4-pro'], { input: 1.32, cached: 0.044, output: 3.96 }),
  {
    provider: 'openai',
    upstreamModels: ['gpt-5-mini', 'gpt-5-mini-2025-08-07'],
    url: 'https://developers.openai.com/api/docs/models/gpt-5-mini',
    price: {
      inputUsdPerMillionTokens: 0.25,
      cachedInputUsdPerMillionTokens: 0.025,
      outputUsdPerMillionTokens: 2,
    },
  },
]

let checked: PriceBookDocument | undefined

/** The built-in layer of the price book, made on first use. */
export function builtInPrices(): PriceBookDocument {
  checked ??= priceBookSchema.parse({
    version: readOn,
    entries: entries.map(({ provider, upstreamModels, url, price }) => ({
      subject: { provider, upstreamModels },
      price,
      validFrom: readOn,
      source: { url, readOn },
    })),
  })
  return checked
}
