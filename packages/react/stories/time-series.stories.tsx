/** Courses over time. */
import { MetricChart } from '../src/entry/metric.ts'
import { LiveCharts, TimeSeriesChart } from '../src/entry/time-series.ts'
import { answerNothing, answerTo, catalogue, course, series, times } from './support/sample-metrics.ts'
import { failed, loaded, loading, staleAfter } from './support/states.ts'

export default { title: 'Observe/Time series' }

const write = (value: number) => `${Math.round(value)} ms`
const lines = [
  { label: 'p50', values: course(92, 2.4), tone: 'accent' },
  { label: 'p95', values: course(240, 2.4), tone: 'second' },
  { label: 'p99', values: course(610, 2.4), tone: 'third' },
] as const
const gaps = [
  { label: 'Requests', values: course(40).map((value, index) => (index % 13 < 3 ? null : value)), tone: 'accent', isFilled: true },
] as const

const annotations = [
  { label: 'Upstream twin-a down', fromUnixMs: times[36] ?? 0, toUnixMs: times[43], tone: 'danger' },
  { label: 'Deployed qwen3-32b', fromUnixMs: times[20] ?? 0, tone: 'accent' },
] as const

/** Two charts whose cursors move together. */
export const AnnotatedAndSynced = () => (
  <div className="bud bud-charts">
    <TimeSeriesChart title="First token" timesUnixMs={times} series={lines} write={write} annotations={annotations} syncKey="story" />
    <TimeSeriesChart title="Requests in step" timesUnixMs={times} series={gaps} write={String} annotations={annotations} syncKey="story" />
  </div>
)
export const Lines = () => <TimeSeriesChart title="Time to first token" timesUnixMs={times} series={lines} write={write} />
export const Gaps = () => <TimeSeriesChart title="Requests" timesUnixMs={times} series={gaps} write={String} />
export const Empty = () => <TimeSeriesChart title="Requests" timesUnixMs={[]} series={[]} write={String} />
export const Stale = () => <TimeSeriesChart title="Time to first token" timesUnixMs={times} series={lines} write={write} isStale />

const byModel = () => <MetricChart title="Requests by model" measures={['requests']} groupBy="model" />
export const ByModel = { ...loaded({ ask: answerTo, measures: catalogue }), render: byModel }
export const ByModelEmpty = { ...loaded({ ask: answerNothing }), render: byModel }
export const ByModelLoading = { ...loading, render: byModel }
export const ByModelFailed = { ...failed, render: byModel }
export const Live = { ...loaded({ series }), render: () => <LiveCharts /> }
export const ByModelStale = { ...staleAfter({ ask: answerTo, measures: catalogue }), render: byModel }
