/** Recording and alerting rules for Prometheus over the gateway's own metrics, in YAML that promtool accepts. */
import { burnRates } from '../alert/slo-alerts.ts'

export interface RulesOptions {
  /** Share of the requests that must succeed; default 0.999. */
  readonly target?: number
}

const windows = ['5m', '30m', '1h', '6h', '3d'] as const
const windowOf = (ms: number) =>
  ms >= 86_400_000 ? `${String(ms / 86_400_000)}d` : ms >= 3_600_000 ? `${String(ms / 3_600_000)}h` : `${String(ms / 60_000)}m`

interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

const errorRatio = (window: string): Rule => ({
  record: `bud:request_error_ratio:rate${window}`,
  expr: `sum(rate(bud_gateway_requests_total{outcome=~"error|partial"}[${window}])) / sum(rate(bud_gateway_requests_total{outcome=~"success|error|partial"}[${window}]))`,
})

const quantile = (name: string, metric: string, level: number): Rule => ({
  record: `bud:${name}_seconds:p${String(level * 100)}_5m`,
  expr: `histogram_quantile(${String(level)}, sum by (le) (rate(${metric}_bucket[5m])))`,
})

const burnAlert = (budget: number, { severity, longMs, shortMs, rate }: (typeof burnRates)[number]): Rule => {
  const [long, short] = [windowOf(longMs), windowOf(shortMs)]
  const threshold = Number((rate * budget).toPrecision(6))
  return {
    alert: `BudErrorBudgetBurn${long}`,
    expr: `bud:request_error_ratio:rate${long} > ${String(threshold)} and bud:request_error_ratio:rate${short} > ${String(threshold)}`,
    labels: { severity },
    annotations: {
      summary: `The error budget burns more than ${String(rate)} times too fast`,
      description: `Over ${long} and ${short} the share of failed requests is above ${String(threshold)}.`,
    },
  }
}

/** JSON strings are YAML strings. */
const toYaml = ({ record, alert, expr, for: lasting, labels, annotations }: Rule): string =>
  [
    `      - ${record === undefined ? `alert: ${alert ?? ''}` : `record: ${record}`}`,
    `        expr: ${JSON.stringify(expr)}`,
    ...(lasting === undefined ? [] : [`        for: ${lasting}`]),
    ...Object.entries({ labels, annotations }).flatMap(([name, pairs]) =>
      pairs === undefined
        ? []
        : [`        ${name}:`, ...Object.entries(pairs).map(([key, value]) => `          ${key}: ${JSON.stringify(value)}`)],
    ),
  ].join('\n')

/** The text of a rule file. */
export function createPrometheusRules({ target = 0.999 }: RulesOptions = {}): string {
  const recording: readonly Rule[] = [
    ...windows.map(errorRatio),
    ...[0.5, 0.95, 0.99].flatMap((level) => [
      quantile('request_duration', 'bud_gateway_request_duration_seconds', level),
      quantile('time_to_first_token', 'bud_gateway_time_to_first_token_seconds', level),
      quantile('time_per_output_token', 'bud_gateway_time_per_output_token_seconds', level),
    ]),
    { record: 'bud:tokens:rate5m', expr: 'sum by (kind) (rate(bud_gateway_tokens_total[5m]))' },
  ]
  const alerting: readonly Rule[] = [
    ...burnRates.map((burn) => burnAlert(1 - target, burn)),
    {
      alert: 'BudTargetUnhealthy',
      expr: 'bud_gateway_target_healthy == 0',
      for: '5m',
      labels: { severity: 'ticket' },
      annotations: { summary: 'A target has been out of rotation for five minutes' },
    },
    {
      alert: 'BudEventsDropped',
      expr: 'increase(bud_gateway_events_dropped_total[10m]) > 0 or increase(bud_metrics_events_dropped_total[10m]) > 0',
      labels: { severity: 'page' },
      annotations: { summary: 'Events are lost: the disk of the spool is full or the sink too slow' },
    },
    {
      alert: 'BudEventsWaiting',
      expr: 'bud_metrics_events_pending > 100000',
      for: '10m',
      labels: { severity: 'ticket' },
      annotations: { summary: 'The database has not taken events for a while' },
    },
  ]
  const group = (name: string, rules: readonly Rule[]) => `  - name: ${name}\n    rules:\n${rules.map(toYaml).join('\n')}`
  return `groups:\n${group('bud-recording', recording)}\n${group('bud-alerts', alerting)}\n`
}
