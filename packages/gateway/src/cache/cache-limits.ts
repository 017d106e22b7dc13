/** Every bound of the answer cache. */

const mebibyte = 1024 * 1024

export const cacheLimits = {
  /** Of a request that is looked up: reading a larger one whole would cost more than it saves. */
  requestBytes: mebibyte,
  /** Of answers in memory, unless configured. */
  memoryBytes: 64 * mebibyte,
  /** Of one answer, unless configured; a Store takes no values above 8 MiB. */
  answerBytes: mebibyte,
  /** Of an answer: ten years, the longest that a Store takes. */
  ttlMs: 3_650 * 86_400_000,
  /** UTF-8 bytes of a key in the Store. */
  storeKeyBytes: 1_024,
  /** A look-up in the Store that takes longer counts as a miss. */
  storeWaitMs: 100,
  /** Writes to the Store on their way; beyond it answers stay in this process only. */
  pendingWrites: 1_000,
  /** Callers that wait for one upstream call; further ones call on their own. */
  followers: 1_000,
  /** Callers that try in turn when the one before has failed or left; then the rest call on their own. */
  leaders: 3,
  /** Pieces in which a stream is replayed. */
  replayBytes: 16 * 1024,
  semantic: {
    /** Contexts (conversation so far, parameters, tools) with an index in memory. */
    contexts: 1_000,
    /** Questions in one of them. */
    questions: 5_000,
    /** UTF-16 code units of a question; a longer one is no question that is asked twice. */
    questionLength: 8_192,
    /** Nearest questions that are looked at. */
    candidates: 3,
    /** After this, what other processes have learnt is read again. */
    reloadMs: 60_000,
    dimensions: 8_192,
  },
} as const
