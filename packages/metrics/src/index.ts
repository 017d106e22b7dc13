/** The public list of metrics: events in, answers out. */

export { createMetrics, type Metrics, type MetricsOptions } from './create-metrics.ts'
export type { AnalyticsClient, QueryParam, Statement, TableInsert } from './client/analytics-client.ts'
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
