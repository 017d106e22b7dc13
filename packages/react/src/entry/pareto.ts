/** Public list of the Pareto chart. */
export { ParetoChart, type ParetoChartProps } from '../pareto/pareto-chart.tsx'
