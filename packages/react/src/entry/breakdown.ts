/** Public list of the breakdown by a dimension. */
export { Breakdown, LiveBreakdown, type BreakdownProps, type LiveBreakdownProps } from '../breakdown/breakdown.tsx'
