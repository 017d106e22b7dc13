/** Bounds and defaults of sinks. */

const mebibyte = 1024 * 1024

export const sinkLimits = {
  /** Of one event as JSON; events are rows, not payloads. */
  eventBytes: mebibyte,
  /** A group of this many characters is written at once instead of at the end of the turn. */
  groupChars: mebibyte / 2,
  /** Deliveries are cut here: large enough for a column store, small enough to repeat. */
  batchEvents: 5_000,
  batchBytes: 4 * mebibyte,
  batchAgeMs: 1_000,
  /** JSON bytes of undelivered events kept in memory; what lies beyond is read back from the spool. */
  memoryBytes: 64 * mebibyte,
  /** All spool files together; reaching it is CORE_SINK_FULL. */
  diskBytes: 1024 * mebibyte,
  segmentBytes: 8 * mebibyte,
  /** Read at once from a spool file, unless one group is larger. */
  readBytes: 4 * mebibyte,
  /** Kept of what the destination refused for good, and as much of damaged spool files. */
  refusedBytes: 64 * mebibyte,
  deliverTimeoutMs: 30_000,
  closeTimeoutMs: 5_000,
  retryBaseMs: 200,
  retryDelayMs: 30_000,
  /** Events that a memory sink keeps. */
  memorySinkEvents: 1_000_000,
} as const
