/**
 * Money as whole numbers. Prices are whole pico-dollars (1e-12 USD) per token, which is six decimals per million tokens; what is charged is whole
 * nano-dollars (1e-9 USD), rounded once per attempt. No sum of them drifts.
 */
import { invariant } from '@bud-foundry/core'

const nanosPerUsd = 1_000_000_000
const picosPerNano = 1_000
const picosPerUsdPerMillion = 1_000_000

/** Whether a price per million tokens is a whole number of pico-dollars per token. The division is rounded correctly, so that 0.1 is. */
export const isExactUsd = (usdPerMillion: number): boolean =>
  Math.round(usdPerMillion * picosPerUsdPerMillion) / picosPerUsdPerMillion === usdPerMillion

/** Pico-dollars per token. */
export function toPicos(usdPerMillion: number): number {
  invariant(isExactUsd(usdPerMillion), `the price ${String(usdPerMillion)} is whole pico-dollars per token`)
  return Math.round(usdPerMillion * picosPerUsdPerMillion)
}

/** Whole nano-dollars, halves up. Exact: the remainder is taken before anything is divided. */
export function picosToNanos(picos: number): number {
  const rest = picos % picosPerNano
  return (picos - rest) / picosPerNano + (rest * 2 >= picosPerNano ? 1 : 0)
}

/** The same for sums beyond 2^53 pico-dollars, which is 9,007 USD for one answer. */
export const bigPicosToNanos = (picos: bigint): number => Number((picos + BigInt(picosPerNano / 2)) / BigInt(picosPerNano))

/** US dollars as the nearest number: turned back by `toNanos` without loss up to 2^50 nano-dollars, which is 1.1 million USD. */
export const toUsd = (nanos: number): number => nanos / nanosPerUsd

/** The whole nano-dollars nearest to an amount of US dollars. */
export const toNanos = (usd: number): number => Math.round(usd * nanosPerUsd)

/** US dollars with all their decimals, for people and for JSON that must not lose any: `0.000000125`. */
export function formatUsd(nanos: bigint): string {
  const sign = nanos < 0n ? '-' : ''
  const digits = (nanos < 0n ? -nanos : nanos).toString().padStart(10, '0')
  const decimals = digits.slice(-9).replace(/0+$/, '')
  return `${sign}${digits.slice(0, -9)}${decimals === '' ? '' : `.${decimals}`}`
}
