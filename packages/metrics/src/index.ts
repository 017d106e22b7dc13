/** The public list of metrics: events in, answers out. */

export { createMetrics, type ErasedUser, type Metrics, type MetricsOptions } from './create-metrics.ts'
export type { AnalyticsClient, FileFormat, QueryParam, RowsInsert, Statement, TableInsert } from './client/analytics-client.ts'
export type { CallHeaders } from './client/reveal-headers.ts'
export { createServerClient, type ServerClientOptions } from './client/server-client.ts'
export { metricsErrors } from './errors.ts'
export { metricsLimits } from './limits.ts'
export { createMetricsHandler, type MetricsHandlerOptions } from './http/handler.ts'
export type { MetricsOperations } from './http/routes.ts'
export { migrate, type MigrationReport } from './migrate/migrate.ts'
export type { Migration } from './migrate/migration.ts'
export { retentionSchema, type Retention } from './migrate/retention.ts'
export { dimensionNames, type DimensionName } from './ask/dimension.ts'
export type { Answer, AnswerMeasure, AnswerRow } from './ask/asker.ts'
export type { Distribution } from './ask/distribution.ts'
export type { Group } from './ask/group.ts'
export type { Measure, MeasureUnit } from './ask/measures/measure.ts'
export type { MeasureFacts, OverlapName } from './ask/measures/overlap-measures.ts'
export {
  askMeasureNames,
  measureFamilies,
  measureNames,
  measures,
  seriesMeasures,
  type AskMeasure,
  type MeasureName,
  type MeasureValues,
  type SeriesMeasure,
} from './ask/measures/registry.ts'
export type { AggregateName } from './ask/aggregate.ts'
export type {
  CutInput,
  DistributionQuestion,
  FiltersInput,
  Question,
  RequestQuery,
  SelectionInput,
  SeriesQuery,
  SummaryQuery,
} from './ask/question.ts'
export type { DistributionName, RangeName } from './ask/request-engine.ts'
export type { InFlight, MetricsReader, RequestPage, Series, SeriesPoint, Summary, SummaryGroup } from './ask/reader.ts'
export type { ExportedFile, ExportQuestion } from './ask/export.ts'
export { recordKinds, type RecordKind, type RecordKindName, type RecordMeasure } from './ask/records/record-kinds.ts'
export type { RecordAnswer, RecordQuestion } from './ask/records/ask-records.ts'
export type { StoredSpan } from './ask/records/read-spans.ts'
export type { TrueCost, TrueCostQuestion, TrueCostRow } from './ask/true-cost.ts'
export { askAnomalies, askForecast, type Anomalies, type Anomaly, type Forecast, type ForecastPoint } from './forecast/ask-forecast.ts'
export type { ForecastQuestion, SeriesQuestion } from './forecast/forecast-question.ts'
export {
  burnRates,
  createSloAlerts,
  type AlertNotice,
  type AlertState,
  type Burn,
  type Objective,
  type SloAlerts,
  type SloAlertsOptions,
} from './alert/slo-alerts.ts'
export { createWebhook, signBody, type WebhookOptions } from './alert/webhook.ts'
export { createOpenApi } from './http/openapi.ts'
export { storeMetricsText } from './telemetry/store-metrics.ts'
export { exportOtlpMetrics, toOtlpMetrics, type OtlpExportOptions, type OtlpWindow } from './telemetry/otlp-export.ts'
export { createOtlpExporter, type OtlpExporter, type OtlpExporterOptions } from './telemetry/otlp-exporter.ts'
export type { NodePrice, TargetDevice } from './fleet/fleet-facts.ts'
export { createGrafanaDashboards, createGrafanaProvider } from './grafana/dashboards.ts'
export { createPrometheusRules, type RulesOptions } from './grafana/rules.ts'
export { everyProject, type Scope } from './ask/scope.ts'
export type { Delivery } from './sink/deliver.ts'
export type { Erasure, ErasureReport } from './erase/erase-user.ts'
export { importLines, type ImportReport } from './import/import-lines.ts'
export type { Payload, PayloadReader, PayloadText } from './payload/payload-reader.ts'
export type { Topology } from './migrate/topology.ts'
export { createOtlpReceiver, type OtlpReceiver, type OtlpReceiverOptions } from './otlp/receiver.ts'
export type { Coverage } from './otlp/translate-spans.ts'
export type { RollupCheck } from './rollup/verify.ts'
export { createScraper, type Scraper, type ScraperOptions, type ScraperTarget } from './scrape/scraper.ts'
export type { ScrapeSource, ScrapeTarget } from './scrape/translate.ts'
export type { StoredRequest } from './table/request-details.ts'
export type { AlwaysField, RequestField } from './table/request-table.ts'
