'use client'
/** A line chart over time that can be read without seeing it: named, walked by keyboard, summed up in words, shown as a table. */
import { useCallback, useId, useMemo, useState, type ReactNode } from 'react'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { TableToggle } from '../part/table-toggle.tsx'
import { isEmptyChart, type ChartAnnotation, type ChartData, type ChartSeries, type TimeSpan } from './chart-data.ts'
import { ChartSurface } from './chart-surface.tsx'
import { ChartTable } from './chart-table.tsx'
import { toTimeWriter } from './chart-text.ts'
import { ExportMenu } from './export-menu.tsx'

export interface TimeSeriesChartProps {
  readonly title: string
  /** Milliseconds since 1970, rising. */
  readonly timesUnixMs: readonly number[]
  readonly series: readonly ChartSeries[]
  /** Writes a value for people, with its unit; keep it stable between renders. */
  readonly write: (value: number) => string
  /** Writes a time, where `timesUnixMs` are milliseconds of something else than the calendar; keep it stable between renders. */
  readonly writeTime?: ((ms: number) => string) | undefined
  readonly isStale?: boolean | undefined
  /** The first data is on its way. */
  readonly isLoading?: boolean | undefined
  /** Shown over an empty chart, e.g. an error. */
  readonly notice?: ReactNode
  /** Shown in the header, e.g. an explanation of the measure. */
  readonly actions?: ReactNode
  /** Drawn behind the lines and said in the summary; keep it stable between renders. */
  readonly annotations?: readonly ChartAnnotation[] | undefined
  /** Charts with the same key move their cursors together. */
  readonly syncKey?: string | undefined
  /** Hears the part of the time that was chosen, undefined for all of it. With it, the data is the caller's to narrow; without, the chart zooms by itself. */
  readonly onZoom?: ((span: TimeSpan | undefined) => void) | undefined
}

const noAnnotations: readonly ChartAnnotation[] = []

export function TimeSeriesChart({
  title,
  timesUnixMs,
  series,
  write,
  writeTime,
  isStale = false,
  isLoading = false,
  notice,
  actions,
  annotations = noAnnotations,
  syncKey,
  onZoom,
}: TimeSeriesChartProps) {
  const { chart, common } = useBudStrings()
  const [isTable, setIsTable] = useState(false)
  const [cursor, setCursor] = useState<number | undefined>(undefined)
  const [ownSpan, setOwnSpan] = useState<TimeSpan | undefined>(undefined)
  const titleId = useId()
  const data = useMemo(() => ({ timesUnixMs, series, write, writeTime }), [timesUnixMs, series, write, writeTime])
  const isEmpty = useMemo(() => isEmptyChart(data), [data])
  const zoom = useCallback(
    (span: TimeSpan | undefined) => {
      if (onZoom === undefined) setOwnSpan(span)
      else onZoom(span)
    },
    [onZoom],
  )
  return (
    <figure className="bud bud-panel bud-chart" aria-labelledby={titleId} aria-busy={isLoading} data-stale={isStale}>
      <figcaption className="bud-panel-header">
        <span id={titleId} className="bud-panel-title">
          {title}
        </span>
        <span className="bud-chart-actions">
          {ownSpan === undefined ? null : (
            <button type="button" className="bud-chip" onClick={() => setOwnSpan(undefined)}>
              {chart.resetZoom}
            </button>
          )}
          {actions}
          <ExportMenu title={title} data={data} />
          <TableToggle title={title} isTable={isTable} onChange={setIsTable} />
        </span>
      </figcaption>
      <Legend data={data} index={cursor} />
      {isLoading ? (
        <div className="bud-chart-loading" role="status">
          <span className="bud-hidden">{common.loading}</span>
        </div>
      ) : isTable ? (
        <ChartTable title={title} data={data} />
      ) : (
        <ChartSurface
          title={title}
          data={data}
          cursor={cursor}
          onCursor={setCursor}
          annotations={annotations}
          span={ownSpan}
          onZoom={zoom}
          syncKey={syncKey}
        >
          {isEmpty ? <div className="bud-chart-empty">{notice ?? <p>{chart.empty}</p>}</div> : null}
        </ChartSurface>
      )}
      {isStale ? <p className="bud-stale">{common.stale}</p> : null}
    </figure>
  )
}

/** The values at the cursor, or the newest ones. */
function Legend({ data, index }: { readonly data: ChartData; readonly index: number | undefined }) {
  const { common } = useBudStrings()
  const format = useBudFormat()
  const time = index === undefined ? undefined : data.timesUnixMs[index]
  return (
    <div className="bud-legend">
      {time === undefined ? null : <span className="bud-legend-time">{toTimeWriter(data, format)(time)}</span>}
      {data.series.map(({ label, values, tone }) => {
        const value = index === undefined ? values.findLast((each) => each !== null) : values[index]
        return (
          <span key={label} className="bud-legend-item" data-tone={tone}>
            <span className="bud-legend-name">{label}</span>
            <span className="bud-legend-value">{value === undefined || value === null ? common.none : data.write(value)}</span>
          </span>
        )
      })}
    </div>
  )
}
