/** Every bound of the store drivers, and the defaults that follow from them. */

const mebibyte = 1024 * 1024

export const storeLimits = {
  /** UTF-8 bytes; Valkey and SQLite take far more, sorted listings should not. */
  keyBytes: 1024,
  valueBytes: 8 * mebibyte,
  /** Ten years; keeps every expiry a safe integer. */
  ttlMs: 3_650 * 86_400_000,
  /** A window longer than a quarter is an account balance, not a limit. */
  windowMs: 92 * 86_400_000,
  claims: 64,
  /** Of the calendar windows that one claim names. */
  boundaries: 16,
  /** Reservations renewed in one call. */
  renewals: 1_000,
  subscriptions: 10_000,
  /** A lease without `leaseMs`: longer than the longest answer that engines are usually allowed to stream. */
  leaseMs: 10 * 60_000,
  /** Reservations that nobody settled are forgotten after this; their windows keep what was reserved. */
  reservationMs: 24 * 3_600_000,
  memory: { entries: 100_000, entryBytes: 256 * mebibyte, windows: 200_000, reservations: 100_000, leases: 100_000 },
  file: {
    /** Of the whole database; reaching it is CORE_STORE_FULL. */
    fileBytes: 4 * 1024 * mebibyte,
    pendingWrites: 10_000,
    /** SQLite's own wait for a lock blocks the event loop, so it is short; waiting goes on through the Clock. */
    lockWaitMs: 3,
    lockRetryMs: 50,
    lockTimeoutMs: 10_000,
    /** Changes kept for subscribers in other processes; whoever falls further behind gets `resync`. */
    changes: 10_000,
    changePollMs: 100,
    purgeEveryMs: 1_000,
    purgeRows: 500,
    listPage: 500,
  },
  ipc: { pendingRequests: 10_000, requestTimeoutMs: 5_000, listPage: 1_000 },
  valkey: {
    commandTimeoutMs: 5_000,
    pendingCommands: 10_000,
    probeEveryMs: 10_000,
    listPage: 500,
    purgeRows: 16,
    reconnectMs: 250,
    cancelEveryMs: 200,
    cancelledMs: 60_000,
  },
} as const
