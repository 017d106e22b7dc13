/** Public list of the time range. */
export { TimeRange, timeRangeLengths, type TimeRangeLength, type TimeRangeProps } from '../time-range/time-range.tsx'
