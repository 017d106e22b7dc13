/** The public list of metrics: events in, answers out. */

export { createMetrics, type Metrics, type MetricsOptions } from './create-metrics.ts'
export type { AnalyticsClient, QueryParam, Statement, RowsInsert, TableInsert } from './client/analytics-client.ts'
export { createServerClient, type ServerClientOptions } from './client/server-client.ts'
export { metricsErrors } from './errors.ts'
export { metricsLimits } from './limits.ts'
export { createMetricsHandler, type MetricsHandlerOptions } from './http/handler.ts'
export { migrate, type MigrationReport } from './migrate/migrate.ts'
export type { Migration } from './migrate/migration.ts'
export type { Retention } from './migrate/retention.ts'
export { dimensionNames, type DimensionName } from './query/dimension.ts'
export {
  measureNames,
  measures,
  seriesMeasures,
  type Measure,
  type MeasureName,
  type MeasureValues,
  type SeriesMeasure,
} from './query/measure.ts'
export type { AggregateName } from './query/aggregate.ts'
export type { FiltersInput, Question, RequestQuery, SeriesQuery, SummaryQuery } from './query/question.ts'
export type { Answer, AnswerRow, InFlight, MetricsReader, RequestPage, Series, SeriesPoint, Summary, SummaryGroup } from './query/reader.ts'
export { everyProject, type Scope } from './query/scope.ts'
export type { Delivery } from './sink/deliver.ts'
export type { Erasure, ErasureReport } from './erase/erase-user.ts'
export { importLines, type ImportReport } from './import/import-lines.ts'
export type { Topology } from './migrate/topology.ts'
export { createOtlpReceiver, type OtlpReceiver, type OtlpReceiverOptions } from './otlp/receiver.ts'
export type { Coverage } from './otlp/translate-spans.ts'
export type { RollupCheck } from './rollup/verify.ts'
export { createScraper, type Scraper, type ScraperOptions, type ScraperTarget } from './scrape/scraper.ts'
export type { ScrapeSource, ScrapeTarget } from './scrape/translate.ts'
export type { StoredRequest } from './table/request-details.ts'
