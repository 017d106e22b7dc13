'use client'
/** A line chart over time that can be read without seeing it: named, walked by keyboard, summed up in words, shown as a table. */
import { useCallback, useId, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'
import { isEmptyChart, seriesTones, type ChartData, type ChartSeries } from './chart-data.ts'
import { ChartTable } from './chart-table.tsx'
import { toChartSummary, toNextIndex, toPointText } from './chart-text.ts'
import { ExportMenu } from './export-menu.tsx'
import { StaticPlot } from './static-plot.tsx'
import { usePlot } from './use-plot.ts'

export interface TimeSeriesChartProps {
  readonly title: string
  /** Milliseconds since 1970, rising. */
  readonly timesUnixMs: readonly number[]
  readonly series: readonly ChartSeries[]
  /** Writes a value for people, with its unit; keep it stable between renders. */
  readonly write: (value: number) => string
  readonly isStale?: boolean | undefined
  /** Shown over an empty chart, e.g. an error. */
  readonly notice?: ReactNode
  /** Shown in the header, e.g. an explanation of the measure. */
  readonly actions?: ReactNode
}

export function TimeSeriesChart({ title, timesUnixMs, series, write, isStale = false, notice, actions }: TimeSeriesChartProps) {
  const { chart, common } = useBudStrings()
  const [isTable, setIsTable] = useState(false)
  const [cursor, setCursor] = useState<number | undefined>(undefined)
  const titleId = useId()
  const data = useMemo(() => ({ timesUnixMs, series, write }), [timesUnixMs, series, write])
  const isEmpty = isEmptyChart(data)
  return (
    <figure className="bud bud-panel bud-chart" aria-labelledby={titleId} data-stale={isStale}>
      <figcaption className="bud-panel-header">
        <span id={titleId} className="bud-panel-title">
          {title}
        </span>
        <Legend data={data} index={cursor} />
        {actions}
        <ExportMenu title={title} data={data} />
        <button
          type="button"
          className="bud-button bud-button-ghost bud-button-icon"
          aria-pressed={isTable}
          aria-label={`${chart.showTable}: ${title}`}
          title={isTable ? chart.showChart : chart.showTable}
          onClick={() => {
            setIsTable(!isTable)
          }}
        >
          <Icon name={isTable ? 'chart' : 'table'} />
        </button>
      </figcaption>
      {isTable ? (
        <ChartTable title={title} data={data} />
      ) : (
        <ChartSurface title={title} data={data} cursor={cursor} onCursor={setCursor}>
          {isEmpty ? <div className="bud-chart-empty">{notice ?? <p>{chart.empty}</p>}</div> : null}
        </ChartSurface>
      )}
      {isStale ? <p className="bud-stale">{common.stale}</p> : null}
    </figure>
  )
}

interface ChartSurfaceProps {
  readonly title: string
  readonly data: ChartData
  readonly cursor: number | undefined
  readonly onCursor: (index: number | undefined) => void
  readonly children: ReactNode
}

/** A slider over the points: assistive technology knows its keys and speaks its text at every move. */
function ChartSurface({ title, data, cursor, onCursor, children }: ChartSurfaceProps) {
  const strings = useBudStrings()
  const format = useBudFormat()
  const summaryId = useId()
  const { host, isDrawn, isImmediate, showCursor } = usePlot(
    data,
    useCallback((index) => onCursor(index), [onCursor]),
  )
  const summary = useMemo(() => toChartSummary(title, data, format, strings), [title, data, format, strings])
  const count = data.timesUnixMs.length
  const index = Math.min(cursor ?? count - 1, count - 1)

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      showCursor(undefined)
      onCursor(undefined)
      return
    }
    // A key must not scroll the page and must land on a point, so the first press shows where the reader is.
    const next = count === 0 ? undefined : toNextIndex(event.key, cursor ?? count, count)
    if (next === undefined) return
    event.preventDefault()
    onCursor(next)
    showCursor(next)
  }

  return (
    <>
      <div
        className="bud-plot"
        role="slider"
        tabIndex={0}
        dir="ltr"
        aria-label={title}
        aria-describedby={summaryId}
        aria-valuemin={0}
        aria-valuemax={Math.max(count - 1, 0)}
        aria-valuenow={Math.max(index, 0)}
        aria-valuetext={toPointText(data, index, format, strings)}
        onKeyDown={onKeyDown}
        onBlur={() => {
          showCursor(undefined)
          onCursor(undefined)
        }}
      >
        <div ref={host} className="bud-plot-host" data-drawn={isDrawn}>
          <span className="bud-plot-axis" hidden />
          <span className="bud-plot-grid" hidden />
          {seriesTones.map((tone) => (
            <span key={tone} className={`bud-plot-tone-${tone}`} hidden />
          ))}
        </div>
        {isDrawn || isImmediate ? null : <StaticPlot data={data} />}
      </div>
      {children}
      <p id={summaryId} className="bud-hidden">
        {summary} {strings.chart.keyboardHint}
      </p>
    </>
  )
}

/** The values at the cursor, or the newest ones. */
function Legend({ data, index }: { readonly data: ChartData; readonly index: number | undefined }) {
  const { common } = useBudStrings()
  const format = useBudFormat()
  const time = index === undefined ? undefined : data.timesUnixMs[index]
  return (
    <span className="bud-legend">
      {time === undefined ? null : <span className="bud-legend-time">{format.time(time)}</span>}
      {data.series.map(({ label, values, tone }) => {
        const value = index === undefined ? values.findLast((each) => each !== null) : values[index]
        return (
          <span key={label} className="bud-legend-item" data-tone={tone}>
            <span className="bud-legend-name">{label}</span>
            <span className="bud-legend-value">{value === undefined || value === null ? common.none : data.write(value)}</span>
          </span>
        )
      })}
    </span>
  )
}
