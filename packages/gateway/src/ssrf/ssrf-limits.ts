/** Every bound of fetching a URL that somebody else chose. */

export const ssrfLimits = {
  /** Unless the call says otherwise: an image that a model accepts is smaller. */
  answerBytes: 20 * 1024 * 1024,
  timeoutMs: 10_000,
  /** As many as a moved page and its CDN need; a loop ends here. */
  redirects: 3,
  connectionsPerOrigin: 16,
  keepAliveMs: 10_000,
  connectMs: 5_000,
  /** Of a URL in an error. */
  shownUrlLength: 200,
} as const
