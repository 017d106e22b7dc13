'use client'
/** The drawing with its keyboard: a slider over the points, whose keys and text assistive technology knows. */
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { indexesOf, type ChartAnnotation, type ChartData, type TimeSpan } from './chart-data.ts'
import { toChartSummary, toNextIndex, toPointText, toTimeWriter } from './chart-text.ts'
import { StaticPlot } from './static-plot.tsx'
import { usePlot } from './use-plot.ts'
import { toZoomed } from './zoom.ts'

export interface ChartSurfaceProps {
  readonly title: string
  readonly data: ChartData
  readonly cursor: number | undefined
  readonly onCursor: (index: number | undefined) => void
  readonly annotations: readonly ChartAnnotation[]
  readonly span: TimeSpan | undefined
  readonly onZoom: (span: TimeSpan | undefined) => void
  readonly syncKey: string | undefined
  readonly children: ReactNode
}

export function ChartSurface({ title, data, cursor, onCursor, annotations, span, onZoom, syncKey, children }: ChartSurfaceProps) {
  const strings = useBudStrings()
  const format = useBudFormat()
  const summaryId = useId()
  // Where a range that is being marked with Shift began.
  const anchor = useRef<number | undefined>(undefined)
  const [brush, setBrush] = useState<TimeSpan | undefined>(undefined)
  const { host, isDrawn, showCursor, showBrush } = usePlot({
    data,
    annotations,
    span,
    syncKey,
    onHover: onCursor,
    onBrush: onZoom,
    onReset: () => onZoom(undefined),
  })
  const summary = useMemo(
    () => toChartSummary({ title, data, annotations, span }, format, strings),
    [title, data, annotations, span, format, strings],
  )
  useEffect(() => {
    showBrush(brush)
  }, [brush, showBrush])
  const count = data.timesUnixMs.length
  const [first, last] = indexesOf(data.timesUnixMs, span)
  const index = Math.min(cursor ?? last, count - 1)

  const leave = () => {
    anchor.current = undefined
    setBrush(undefined)
    showCursor(undefined)
    onCursor(undefined)
  }
  const moveTo = (next: number, isMarking: boolean) => {
    onCursor(next)
    showCursor(next)
    anchor.current = isMarking ? (anchor.current ?? index) : undefined
    const from = anchor.current
    const [start, end] = [Math.min(from ?? next, next), Math.max(from ?? next, next)]
    setBrush(from === undefined ? undefined : { fromUnixMs: data.timesUnixMs[start] ?? 0, toUnixMs: data.timesUnixMs[end] ?? 0 })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (count === 0 || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Escape') {
      // First what was marked, then the zoom, then the cursor.
      if (brush !== undefined) setBrush(undefined)
      else if (span !== undefined) onZoom(undefined)
      else leave()
      return
    }
    if (event.key === 'Enter' && brush !== undefined) {
      event.preventDefault()
      onZoom(brush)
      anchor.current = undefined
      setBrush(undefined)
      return
    }
    const zoomed = toZoomed(event.key, { timesUnixMs: data.timesUnixMs, span, index })
    if (zoomed !== undefined) {
      event.preventDefault()
      onZoom(zoomed === 'all' ? undefined : zoomed)
      return
    }
    // The first press shows where the reader is.
    const next = toNextIndex(event.key, (cursor ?? last + 1) - first, last - first + 1)
    if (next === undefined) return
    event.preventDefault()
    moveTo(first + next, event.shiftKey)
  }

  const text = toPointText(data, index, format, strings)
  const writeTime = toTimeWriter(data, format)
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
        aria-valuetext={brush === undefined ? text : strings.chart.marked(writeTime(brush.fromUnixMs), writeTime(brush.toUnixMs), text)}
        onKeyDown={onKeyDown}
        onBlur={leave}
      >
        <div ref={host} className="bud-plot-host">
          {toProbes(data)}
        </div>
        {isDrawn ? null : <StaticPlot data={data} />}
      </div>
      {children}
      <p id={summaryId} className="bud-hidden">
        {summary} {strings.chart.keyboardHint}
      </p>
    </>
  )
}

/** The style sheet colours them; reading them resolves every custom property and theme. */
function toProbes({ series }: ChartData): ReactNode {
  const names = new Set(['axis', 'grid', 'neutral', ...series.map(({ tone }) => tone)])
  return [...names].map((name) => <span key={name} className="bud-probe" data-probe={name} hidden />)
}
