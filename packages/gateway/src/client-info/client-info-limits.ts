/** Every bound of looking at callers. */

export const clientInfoLimits = {
  addresses: 10_000,
  userAgents: 5_000,
  /** What is longer is cut before it is read: real ones are below 300 characters. */
  userAgentLength: 1_024,
  /** Of a name or version in an event. */
  wordLength: 64,
} as const
