/** Public list of the widgets of measures. */
export { Explain, type ExplainProps } from '../metric/explain.tsx'
export { MetricChart, type MetricChartProps } from '../metric/metric-chart.tsx'
export { MetricTile, type MetricTileProps } from '../metric/metric-tile.tsx'
