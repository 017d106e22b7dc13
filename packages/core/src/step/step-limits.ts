/** Bounds and defaults of the journal. */
export const stepLimits = {
  /** A dead runner blocks its operation for this long, unless its successor has the same owner. */
  leaseMs: 30_000,
  /** Renewals per lease: two may fail before the lease is lost. */
  renewalsPerLease: 3,
  stepsPerRun: 10_000,
  /** Of one step's result as JSON; a journal holds outcomes, not payloads. */
  resultBytes: 1024 * 1024,
} as const
