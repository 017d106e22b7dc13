/** Public list of the time series chart. */
export type { ChartAnnotation, ChartSeries, SeriesTone, TimeSpan } from '../time-series/chart-data.ts'
export { LiveCharts } from '../time-series/live-charts.tsx'
export { TimeSeriesChart, type TimeSeriesChartProps } from '../time-series/time-series-chart.tsx'
