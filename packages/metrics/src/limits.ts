/** Every bound of this package. */

/** Bounds that hold everywhere; reaching one is an error that names it, never a silent cut. */
export const metricsLimits = Object.freeze({
  /** Sessions that answer questions; each occupies one of libuv's four threads while it works, and one more is kept for writing. */
  readSessions: 2,
  queriesWaiting: 256,
  /** Callers of `store`, the spool among them, that wait for the one delivery at a time. */
  deliveriesWaiting: 256,
  /** Rows of one insert: one block per month that it touches. */
  batchRows: 10_000,
  /** Certainly new requests that are inserted at once: the larger, the cheaper each; the engine holds them uncompressed. */
  rowBatchRows: 100_000,
  rowBatchBytes: 64 * 1024 * 1024,
  /** The engine groups rows for the rollups in blocks: never smaller than this, and halved when an insert took longer than `slowInsertMs`. */
  rowBlockRowsMin: 5_000,
  slowInsertMs: 3_000,
  quickInsertMs: 1_000,
  /** Encoded requests kept in memory for delivery; what lies beyond is read back from the spool. */
  rowMemoryBytes: 96 * 1024 * 1024,
  /** Projects with a retention of their own: they stand in the TTL of a table. */
  retentionProjects: 10_000,
  /** Of one scraped page. */
  scrapeSamples: 200_000,
  scrapeBytes: 64 * 1024 * 1024,
  scrapeTimeoutMs: 10_000,
  /** Of one OTLP request, inflated; the specification lets a receiver refuse what is larger. */
  otlpBytes: 32 * 1024 * 1024,
  /** Of lists inside an OTLP attribute. */
  otlpDepth: 32,
  /** Cumulative OTLP series whose last point is remembered; beyond it the one that has been silent longest begins anew. */
  otlpSeries: 50_000,
  /** Requests with metrics that wait for the one before. */
  otlpWaiting: 256,
  /** Points of one series times its groups. */
  seriesPoints: 20_000,
  groups: 1_000,
  pageRows: 1_000,
  filterValues: 100,
  filterValueLength: 1_024,
  /** Of a label of a request, such as its model, user or a tag: no longer than what can be filtered by. */
  labelChars: 1_024,
  dimensionsPerQuestion: 3,
  tagFilters: 10,
  searchWords: 10,
  /** Bins of one distribution. */
  bins: 200,
  /** Of a bound of bins: no duration, count or price is larger, and it stays exact in the units of the columns. */
  boundMax: 1e12,
  /** Questions asked at once with `askMany`. */
  questionsAtOnce: 50,
  /** Prices of nodes, and assignments of devices, that one computation of the true cost reads. */
  trueCostRows: 100_000,
  /** Rows of one exported file. */
  exportRows: 1_000_000,
  /** Body of one question over HTTP. */
  questionBytes: 256 * 1024,
  /** How long the planner relies on what it knows of the sizes of tables. */
  tableSizesMs: 60_000,
  /** Buckets that a forecast is fitted to, and that it adds. */
  forecastPoints: 5_000,
  forecastHorizon: 1_000,
  /** Objectives that one process watches. */
  objectives: 100,
  /** Requests of one trace. */
  traceRequests: 1_000,
  traceSpans: 10_000,
  /** What one question may take; beyond the first bound groups go to disk, beyond the second it is refused. */
  spillBytes: 256 * 1024 * 1024,
  memoryBytesPerQuestion: 1024 * 1024 * 1024,
  secondsPerQuestion: 60,
  /** Largest window of one question. */
  windowDays: 3_660,
  /** Events beyond this time are a bug of their producer. */
  eventTimeUnixMsMax: Date.UTC(2090, 0, 1),
  /** No request lasts a month: a longer one is a bug of its producer too, and would be in flight in every window. */
  requestDurationMsMax: 31 * 86_400_000,
  /** A row's end of life is a DateTime, which ends in February 2106 and then starts again in 1970: 2090 and 5,800 days stay below. */
  retentionDaysMax: 5_800,
  /** A request is readable this long after it finished, at the latest, when the engine keeps up. */
  batchAgeMs: 400,
})
