/** Token and machine prices, in US dollars. */
import { z } from 'zod'

const usd = z.number().nonnegative()

export const tokenPriceSchema = z.strictObject({
  inputUsdPerMillionTokens: usd,
  outputUsdPerMillionTokens: usd,
  /** Absent: as dear as other input. */
  cachedInputUsdPerMillionTokens: usd.optional(),
  cacheWriteInputUsdPerMillionTokens: usd.optional(),
})

export const machinePriceSchema = z.strictObject({
  usdPerHour: usd,
  /** ISO date on which the price was read. */
  pricedAt: z.iso.date(),
  source: z.string().min(1),
})

export type TokenPrice = Readonly<z.infer<typeof tokenPriceSchema>>
export type MachinePrice = Readonly<z.infer<typeof machinePriceSchema>>
