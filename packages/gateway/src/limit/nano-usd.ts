/** Money as whole numbers: billionths of a dollar, so that a million sums of tiny prices are exact. */

const nanoPerUsd = 1_000_000_000

/** To the nearest billionth: the price of one token at $0.001 per million. Capped where whole numbers end, at about nine million dollars. */
export const toNanoUsd = (usd: number): number => Math.min(Math.max(0, Math.round(usd * nanoPerUsd)), Number.MAX_SAFE_INTEGER)

export const fromNanoUsd = (nanoUsd: number): number => nanoUsd / nanoPerUsd
