/** One number with its name, a word of context and its recent course. */
import type { ReactNode } from 'react'
import { Sparkline, type SparklineProps } from './sparkline.tsx'

export interface StatTileProps {
  readonly label: string
  /** Formatted; a dash when nothing was measured. */
  readonly value: string
  readonly unit?: string | undefined
  readonly detail?: string | undefined
  readonly trend?: readonly (number | null)[] | undefined
  /** The trend in words, for those who do not see the line. */
  readonly trendText?: string | undefined
  readonly tone?: SparklineProps['tone']
  readonly isStale?: boolean | undefined
  /** The first value is on its way. */
  readonly isLoading?: boolean | undefined
  /** Why there is no value. */
  readonly error?: string | undefined
  /** Beside the label, e.g. an explanation of the number. */
  readonly actions?: ReactNode
}

export function StatTile({
  label,
  value,
  unit,
  detail,
  trend,
  trendText,
  tone = 'accent',
  isStale = false,
  isLoading = false,
  error,
  actions,
}: StatTileProps) {
  return (
    <div className="bud bud-tile" data-stale={isStale} aria-busy={isLoading}>
      <div className="bud-tile-head">
        <p className="bud-tile-label">{label}</p>
        {actions}
      </div>
      {isLoading ? (
        <div className="bud-skeleton bud-tile-waiting" />
      ) : (
        <p className="bud-tile-value">
          {value}
          {unit === undefined ? null : <span className="bud-tile-unit"> {unit}</span>}
        </p>
      )}
      {error === undefined ? (
        <p className="bud-tile-detail">{detail ?? '\u00a0'}</p>
      ) : (
        <p className="bud-tile-detail bud-tile-error" title={error}>
          {error}
        </p>
      )}
      {trend === undefined ? null : <Sparkline values={trend} tone={tone} />}
      {trendText === undefined ? null : <p className="bud-hidden">{trendText}</p>}
    </div>
  )
}
