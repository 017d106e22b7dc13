'use client'
/** How values spread over time: a cell for each moment and bin, walked by keyboard in both directions, with the same numbers as a table. */
import { useId, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { PictureMenu } from '../part/picture-menu.tsx'
import { TableToggle } from '../part/table-toggle.tsx'
import { toCellAt, toGrid, type HeatmapGrid } from './heatmap-grid.ts'

export interface HeatmapProps {
  readonly title: string
  /** Upper ends of the bins, exclusive. */
  readonly bounds: readonly number[]
  /** Each with one number more than there are bounds, for what lies beyond. */
  readonly rows: readonly { readonly timeUnixMs: number; readonly requests: readonly number[] }[]
  /** Writes an end of a bin, with its unit. */
  readonly write: (value: number) => string
  readonly isStale?: boolean | undefined
  /** The first data is on its way. */
  readonly isLoading?: boolean | undefined
  readonly notice?: ReactNode
  readonly actions?: ReactNode
}

export function Heatmap({ title, bounds, rows, write, isStale = false, isLoading = false, notice, actions }: HeatmapProps) {
  const { chart, common, metrics } = useBudStrings()
  const [isTable, setIsTable] = useState(false)
  const titleId = useId()
  const grid = useMemo(() => toGrid(bounds, rows), [bounds, rows])
  return (
    <figure className="bud bud-panel bud-chart bud-heatmap" aria-labelledby={titleId} aria-busy={isLoading} data-stale={isStale}>
      <figcaption className="bud-panel-header">
        <span id={titleId} className="bud-panel-title">
          {title}
        </span>
        <span className="bud-chart-actions">
          <Scale />
          {actions}
          {grid.total === 0 ? null : <PictureMenu title={title} hasPicture={!isTable} rows={() => toRows(grid, chart.time)} />}
          <TableToggle title={title} isTable={isTable} onChange={setIsTable} />
        </span>
      </figcaption>
      {isLoading ? (
        <div className="bud-heatmap-loading" role="status">
          <span className="bud-hidden">{common.loading}</span>
        </div>
      ) : grid.total === 0 ? (
        <div className="bud-heatmap-empty">{notice ?? <p>{metrics.empty}</p>}</div>
      ) : isTable ? (
        <HeatmapTable title={title} grid={grid} write={write} />
      ) : (
        <HeatmapSurface title={title} grid={grid} write={write} />
      )}
      {isStale ? <p className="bud-stale">{common.stale}</p> : null}
    </figure>
  )
}

/** A column for each bin, named by where it begins. */
function toRows({ bins, columns }: HeatmapGrid, timeName: string): readonly (readonly string[])[] {
  return [
    [timeName, ...bins.map(({ from }) => String(from))],
    ...columns.map(({ timeUnixMs, requests }) => [new Date(timeUnixMs).toISOString(), ...requests.map(String)]),
  ]
}

interface PartProps {
  readonly title: string
  readonly grid: HeatmapGrid
  readonly write: (value: number) => string
}

function HeatmapSurface({ title, grid, write }: PartProps) {
  const { heatmap } = useBudStrings()
  const format = useBudFormat()
  const summaryId = useId()
  const [cell, setCell] = useState<{ readonly column: number; readonly bin: number } | undefined>(undefined)
  const { columns, bins, peak, total } = grid
  const at = cell ?? { column: columns.length - 1, bin: grid.busiestBin }
  const here = toCellAt(grid, at.column, at.bin)
  const text = heatmap.cell(format.dayMinute(here.timeUnixMs), write(here.from), write(here.to), format.count(here.requests))
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') setCell(undefined)
    const step = steps[event.key]
    if (step === undefined) return
    event.preventDefault()
    const within = (value: number, count: number) => Math.min(Math.max(value, 0), count - 1)
    setCell({ column: within(at.column + step[0], columns.length), bin: within(at.bin + step[1], bins.length) })
  }
  const [width, height] = [100 / columns.length, 100 / bins.length]
  const busiest = bins[grid.busiestBin]
  return (
    <>
      <div className="bud-heatmap-body">
        <div className="bud-heatmap-bins" aria-hidden="true">
          <span>{write(bins.at(-1)?.to ?? 0)}</span>
          <span>{write(bins[0]?.from ?? 0)}</span>
        </div>
        <div
          className="bud-heatmap-surface"
          role="slider"
          tabIndex={0}
          dir="ltr"
          aria-label={title}
          aria-describedby={summaryId}
          aria-valuemin={0}
          aria-valuemax={columns.length * bins.length - 1}
          aria-valuenow={at.column * bins.length + at.bin}
          aria-valuetext={text}
          onKeyDown={onKeyDown}
          onPointerMove={({ currentTarget, clientX, clientY }) => {
            const box = currentTarget.getBoundingClientRect()
            const column = Math.floor(((clientX - box.left) / box.width) * columns.length)
            const bin = bins.length - 1 - Math.floor(((clientY - box.top) / box.height) * bins.length)
            if (columns[column] !== undefined && bins[bin] !== undefined) setCell({ column, bin })
          }}
          onPointerLeave={() => {
            setCell(undefined)
          }}
          onBlur={() => {
            setCell(undefined)
          }}
        >
          <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
            {columns.map(({ timeUnixMs, requests }, column) =>
              requests.map((count, bin) =>
                count === 0 ? null : (
                  <rect
                    key={`${timeUnixMs}-${bin}`}
                    className="bud-heatmap-cell"
                    x={column * width}
                    y={100 - (bin + 1) * height}
                    width={width}
                    height={height}
                    fillOpacity={0.15 + 0.85 * Math.sqrt(count / peak)}
                  />
                ),
              ),
            )}
            {cell === undefined ? null : (
              <rect
                className="bud-heatmap-cursor"
                x={at.column * width}
                y={100 - (at.bin + 1) * height}
                width={width}
                height={height}
                vectorEffect="non-scaling-stroke"
              />
            )}
          </svg>
        </div>
      </div>
      <p className="bud-heatmap-axis" aria-hidden="true">
        <span>{format.dayMinute(columns[0]?.timeUnixMs ?? 0)}</span>
        <span className="bud-heatmap-reading">{cell === undefined ? '' : text}</span>
        <span>{format.dayMinute(columns.at(-1)?.timeUnixMs ?? 0)}</span>
      </p>
      <p id={summaryId} className="bud-hidden">
        {heatmap.summary(title, format.count(total), write(busiest?.from ?? 0), write(busiest?.to ?? 0))} {heatmap.keyboardHint}
      </p>
    </>
  )
}

const steps: Readonly<Record<string, readonly [column: number, bin: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
  PageUp: [10, 0],
  PageDown: [-10, 0],
  Home: [Number.NEGATIVE_INFINITY, 0],
  End: [Number.POSITIVE_INFINITY, 0],
}

function HeatmapTable({ title, grid, write }: PartProps) {
  const { chart, heatmap } = useBudStrings()
  const format = useBudFormat()
  return (
    <div className="bud-chart-table" tabIndex={0} role="group" aria-label={chart.tableCaption(title)}>
      <table className="bud-table">
        <caption className="bud-hidden">{chart.tableCaption(title)}</caption>
        <thead>
          <tr>
            <th scope="col">{chart.time}</th>
            {grid.bins.map(({ from }) => (
              <th key={from} scope="col" className="bud-number">
                {heatmap.bin} {write(from)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...grid.columns].reverse().map(({ timeUnixMs, requests }) => (
            <tr key={timeUnixMs}>
              <th scope="row">{format.dayMinute(timeUnixMs)}</th>
              {requests.map((count, bin) => (
                <td key={bin} className="bud-number">
                  {format.count(count)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Scale() {
  const { heatmap } = useBudStrings()
  return (
    <span className="bud-heatmap-scale" aria-hidden="true">
      {heatmap.fewer}
      <svg viewBox="0 0 5 1" width="50" height="10">
        {[0.15, 0.36, 0.58, 0.79, 1].map((opacity, index) => (
          <rect key={opacity} className="bud-heatmap-cell" x={index} width="0.92" height="1" fillOpacity={opacity} />
        ))}
      </svg>
      {heatmap.more}
    </span>
  )
}
