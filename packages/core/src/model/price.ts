/** Token and machine prices, in US dollars. */
import { z } from 'zod'

const usd = z.number().nonnegative()

/** Schema of TokenPrice. */
export const tokenPriceSchema = z.strictObject({
  inputUsdPerMillionTokens: usd,
  outputUsdPerMillionTokens: usd,
  /** Absent: as dear as other input. */
  cachedInputUsdPerMillionTokens: usd.optional(),
  cacheWriteInputUsdPerMillionTokens: usd.optional(),
})

/** Schema of MachinePrice. */
export const machinePriceSchema = z.strictObject({
  usdPerHour: usd,
  /** ISO date on which the price was read. */
  pricedAt: z.iso.date(),
  source: z.string().min(1),
})

/** What tokens cost. */
export type TokenPrice = Readonly<z.infer<typeof tokenPriceSchema>>
/** What a machine costs. */
export type MachinePrice = Readonly<z.infer<typeof machinePriceSchema>>
