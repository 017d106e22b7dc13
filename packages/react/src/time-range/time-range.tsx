'use client'
/** Chooses how far back everything looks. */
import { useBudStrings } from '../hook/bud-context.ts'

export const timeRangeLengths = ['15m', '1h', '6h', '24h', '7d', '30d'] as const
export type TimeRangeLength = (typeof timeRangeLengths)[number]

export interface TimeRangeProps {
  readonly value: TimeRangeLength
  readonly onChange: (value: TimeRangeLength) => void
}

export function TimeRange({ value, onChange }: TimeRangeProps) {
  const { timeRange } = useBudStrings()
  return (
    <span className="bud bud-select-field">
      <select
        className="bud-select"
        aria-label={timeRange.label}
        value={value}
        onChange={(event) => {
          const chosen = timeRangeLengths.find((length) => length === event.target.value)
          if (chosen !== undefined) onChange(chosen)
        }}
      >
        {timeRangeLengths.map((length) => (
          <option key={length} value={length}>
            {timeRange.last(timeRange.lengths[length] ?? length)}
          </option>
        ))}
      </select>
    </span>
  )
}
