/** Every bound of the kit: what is kept, how long is waited, how often is asked. */

export const limits = {
  /** A JSON request that takes longer is given up. */
  requestTimeoutMs: 30_000,
  /** The optimizer may search for a while on a small machine. */
  searchTimeoutMs: 120_000,
  /** Characters of one server-sent event; a larger one is a broken stream. */
  eventCharactersMax: 4_194_304,
  /** Characters of an error body that are read into a message. */
  errorBodyCharactersMax: 4_096,
  /** A live stream that is silent for longer is opened anew; servers send a comment every 15 s. */
  liveSilenceMs: 45_000,
  liveRetryMsMin: 500,
  liveRetryMsMax: 15_000,
  /** Finished requests that the page keeps from the live stream. */
  liveRequestsMax: 500,
  /** Requests under way that are shown; older ones are dropped first. */
  liveInFlightMax: 200,
  /** A request that never reported its end is dropped from the list after this long. */
  liveInFlightMs: 600_000,
  /** Views are told of live events at most this often, however many arrive. */
  liveNotifyMs: 50,
  /** A read that failed for a reason that passes is tried again so many times. */
  retriesMax: 2,
  retryMsMin: 300,
  /** A server that asks for a longer wait is believed, and the failure shown. */
  retryMsMax: 5_000,
  /** Questions that are asked in the same moment go to the server together, at most so many. */
  questionsTogetherMax: 50,
  questionsTogetherMs: 5,
  /** Rows of a chart's table; a file holds all of them. */
  chartTableRowsMax: 2_000,
  chatMessagesMax: 200,
  /** Functions that one answer may ask for. */
  chatToolCallsMax: 32,
  /** Pictures of one message, and bytes of each: most models take no more. */
  chatImagesMax: 4,
  chatImageBytesMax: 5_242_880,
  /** Models that the playground asks at once. */
  playgroundColumnsMax: 4,
  /** Characters of one answer; beyond it the stream is stopped. */
  chatAnswerCharactersMax: 1_000_000,
  /** Longer lines and paragraphs of an answer are shown without emphasis and links: their patterns cost the square of the length. */
  markdownInlineCharactersMax: 4_000,
  /** The view is told of new tokens at most this often. */
  chatNotifyMs: 32,
  /** A session is renewed after this share of its life. */
  sessionRenewShare: 0.8,
  sessionRenewMsMin: 5_000,
  /** Browsers run a timer at once when its delay does not fit 31 bits. */
  timerMsMax: 2_147_483_647,
  /** Live events reload dependent resources at most this often. */
  liveReloadMsMin: 1_000,
} as const
