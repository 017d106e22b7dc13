/** Dashboards for Grafana, ready to provision: one over ClickHouse, one over Prometheus. */

interface Panel {
  readonly title: string
  readonly unit: string
  readonly query: string
  readonly legend?: string
  readonly kind?: 'timeseries' | 'stat' | 'table'
}

const clickhouse = { type: 'grafana-clickhouse-datasource', uid: '${datasource}' }
const prometheus = { type: 'prometheus', uid: '${datasource}' }

const inTime = '$__timeFilter(bucket) AND project_id IN (${project:singlequote})'
const series = (values: string) =>
  `SELECT $__timeInterval(bucket) AS time, ${values} FROM requests_minute WHERE ${inTime} GROUP BY time ORDER BY time`
/** The levels of the states are part of their type. */
const merged = (stem: string) => `quantilesBFloat16Merge(0.5, 0.9, 0.95, 0.99)(${stem}_quantiles)`
const quantiles = (stem: string) =>
  series(`${merged(stem)}[1] / 1000 AS p50, ${merged(stem)}[3] / 1000 AS p95, ${merged(stem)}[4] / 1000 AS p99`)

const clickhousePanels: readonly Panel[] = [
  { title: 'Requests', unit: 'short', query: series('sum(requests) AS requests') },
  { title: 'Errors', unit: 'percentunit', query: series("sumIf(requests, outcome IN ('error', 'partial')) / sum(requests) AS errors") },
  { title: 'Time to the first token', unit: 'ms', query: quantiles('time_to_first_token') },
  { title: 'Time per output token', unit: 'ms', query: quantiles('time_per_output_token') },
  { title: 'Duration', unit: 'ms', query: quantiles('duration') },
  { title: 'Waiting', unit: 'ms', query: quantiles('queue') },
  {
    title: 'Tokens',
    unit: 'short',
    query: series(
      'sum(input_tokens) AS input, sum(cached_input_tokens) AS cached, sum(output_tokens) AS output, sum(reasoning_tokens) AS reasoning',
    ),
  },
  {
    title: 'Cost',
    unit: 'currencyUSD',
    query: series('sum(cost_usd) AS charged, sum(provider_cost_usd) AS provider, sum(saved_usd) AS saved'),
  },
  {
    title: 'Cache hits',
    unit: 'percentunit',
    query: series("sumIf(requests, cache = 'hit') / nullIf(sumIf(requests, cache != 'none'), 0) AS hits"),
  },
  { title: 'Users', unit: 'short', query: series('uniqMerge(users) AS users') },
  {
    title: 'Models',
    unit: 'short',
    kind: 'table',
    query: `SELECT if(model = '', requested_model, model) AS model_name, sum(requests) AS request_count, sum(input_tokens + output_tokens) AS tokens, sum(cost_usd) AS usd FROM requests_minute WHERE ${inTime} GROUP BY model_name ORDER BY request_count DESC LIMIT 50`,
  },
  {
    title: 'Device utilisation',
    unit: 'percentunit',
    query:
      "SELECT $__timeInterval(time) AS at, concat(node_name, '/', device_id) AS device, avg(utilisation) AS used FROM device_samples WHERE $__timeFilter(time) GROUP BY at, device ORDER BY at",
  },
]

const rate = (metric: string, by: string) => `sum by (${by}) (rate(${metric}[$__rate_interval]))`
const promPanels: readonly Panel[] = [
  { title: 'Requests per second', unit: 'reqps', query: rate('bud_gateway_requests_total', 'outcome'), legend: '{{outcome}}' },
  { title: 'Failed requests', unit: 'percentunit', query: 'bud:request_error_ratio:rate5m', legend: 'errors' },
  { title: 'Time to the first token, p95', unit: 's', query: 'bud:time_to_first_token_seconds:p95_5m', legend: 'p95' },
  { title: 'Time per output token, p95', unit: 's', query: 'bud:time_per_output_token_seconds:p95_5m', legend: 'p95' },
  { title: 'Duration, p95', unit: 's', query: 'bud:request_duration_seconds:p95_5m', legend: 'p95' },
  { title: 'Tokens per second', unit: 'short', query: 'bud:tokens:rate5m', legend: '{{kind}}' },
  { title: 'Requests in flight', unit: 'short', query: 'bud_gateway_requests_in_flight', legend: 'in flight' },
  { title: 'Healthy targets', unit: 'short', query: 'sum(bud_gateway_target_healthy)', legend: 'healthy' },
  { title: 'Events waiting', unit: 'short', query: 'bud_metrics_events_pending', legend: 'pending' },
  { title: 'Tables', unit: 'bytes', query: 'bud_metrics_table_bytes', legend: '{{table}}' },
]

type Source = typeof clickhouse | typeof prometheus

const toPanel = (source: Source, { title, unit, query, legend, kind = 'timeseries' }: Panel, index: number) => ({
  id: index + 1,
  title,
  type: kind,
  datasource: source,
  gridPos: { h: 8, w: 12, x: (index % 2) * 12, y: Math.floor(index / 2) * 8 },
  fieldConfig: { defaults: { unit }, overrides: [] },
  options: {},
  targets: [
    source === clickhouse
      ? {
          refId: 'A',
          datasource: source,
          editorType: 'sql',
          format: kind === 'table' ? 1 : 0,
          queryType: kind === 'table' ? 'table' : 'timeseries',
          rawSql: query,
        }
      : { refId: 'A', datasource: source, expr: query, legendFormat: legend ?? '' },
  ],
})

const datasourceVariable = (query: string) => ({
  name: 'datasource',
  type: 'datasource',
  label: 'Data source',
  query,
  current: {},
  hide: 0,
})

const dashboard = (uid: string, title: string, source: Source, panels: readonly Panel[], variables: readonly unknown[]) => ({
  uid,
  title,
  tags: ['bud-foundry'],
  timezone: 'browser',
  schemaVersion: 39,
  version: 1,
  editable: true,
  refresh: '30s',
  time: { from: 'now-6h', to: 'now' },
  templating: { list: variables },
  annotations: { list: [] },
  panels: panels.map((panel, index) => toPanel(source, panel, index)),
})

/** The YAML that tells Grafana to load dashboards from a folder; it belongs under `provisioning/dashboards`. */
export const createGrafanaProvider = (folder: string): string =>
  // JSON strings are YAML strings.
  `apiVersion: 1
providers:
  - name: bud-foundry
    folder: Bud Foundry
    type: file
    allowUiUpdates: false
    options:
      path: ${JSON.stringify(folder)}
`

/** By file name; put them where Grafana's dashboard provider looks, and choose the data source in the dashboard. */
export const createGrafanaDashboards = () => ({
  'bud-foundry-clickhouse.json': dashboard('bud-foundry-clickhouse', 'Bud Foundry requests', clickhouse, clickhousePanels, [
    datasourceVariable('grafana-clickhouse-datasource'),
    {
      name: 'project',
      type: 'query',
      label: 'Project',
      datasource: clickhouse,
      query: 'SELECT DISTINCT project_id FROM requests_day ORDER BY project_id',
      refresh: 1,
      includeAll: true,
      multi: true,
      current: { text: 'All', value: '$__all' },
    },
  ]),
  'bud-foundry-prometheus.json': dashboard('bud-foundry-prometheus', 'Bud Foundry gateway', prometheus, promPanels, [
    datasourceVariable('prometheus'),
  ]),
})
