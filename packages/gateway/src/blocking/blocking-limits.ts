/** Every bound of blocking. */

export const blockingLimits = {
  rules: 1_000,
  addressesPerRule: 10_000,
  patternLength: 512,
  patternsPerRule: 100,
  /** Real user agents are below 300 characters; a longer one than this cannot be matched in bounded time, so rules for user agents refuse it. */
  userAgentLength: 1_024,
  rememberedAddresses: 10_000,
  /** A store that has not counted a request by then is taken for away. */
  storeTimeoutMs: 500,
  /** Wait before a store that failed is asked again. */
  storeRecheckMs: 500,
  /** Addresses that are over a rate and need not be counted again until their window ends. */
  pausedAddresses: 50_000,
} as const
