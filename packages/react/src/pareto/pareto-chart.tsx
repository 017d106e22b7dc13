'use client'
/** Plans as points: fast for each reader to the right, much from each device to the top; the ones on the line are beaten by none. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { useId, useMemo, useState, type KeyboardEvent } from 'react'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'
import { PictureMenu } from '../part/picture-menu.tsx'
import { toPlanTitle } from '../plan-list/plan-title.ts'
import { toNextIndex } from '../time-series/chart-text.ts'
import { toParetoPoints, toRoundAbove, type ParetoPoint } from './frontier.ts'

export interface ParetoChartProps {
  readonly plans: readonly DeploymentPlan[]
  readonly selected?: DeploymentPlan | undefined
  readonly onSelect?: ((plan: DeploymentPlan) => void) | undefined
}

const box = { width: 600, height: 240 }

export function ParetoChart({ plans, selected, onSelect }: ParetoChartProps) {
  const strings = useBudStrings()
  const { pareto, chart } = strings
  const [isTable, setIsTable] = useState(false)
  const titleId = useId()
  const points = useMemo(() => toParetoPoints(plans), [plans])
  if (points.length === 0) return null
  return (
    <figure className="bud bud-panel bud-chart bud-pareto" aria-labelledby={titleId}>
      <figcaption className="bud-panel-header">
        <span id={titleId} className="bud-panel-title">
          {pareto.title}
        </span>
        <span className="bud-panel-actions">
          <PictureMenu
            hasPicture={!isTable}
            title={pareto.title}
            rows={() => [
              [pareto.plan, pareto.x, pareto.y],
              ...points.map(({ plan, x, y }) => [toPlanTitle(plan, strings), String(x), String(y)]),
            ]}
          />
          <button
            type="button"
            className="bud-button bud-button-ghost bud-button-icon"
            aria-pressed={isTable}
            aria-label={`${chart.showTable}: ${pareto.title}`}
            onClick={() => setIsTable(!isTable)}
          >
            <Icon name={isTable ? 'chart' : 'table'} />
          </button>
        </span>
      </figcaption>
      {isTable ? <ParetoTable points={points} /> : <ParetoSurface points={points} selected={selected} onSelect={onSelect} />}
    </figure>
  )
}

interface SurfaceProps extends Omit<ParetoChartProps, 'plans'> {
  readonly points: readonly ParetoPoint[]
}

function ParetoSurface({ points, selected, onSelect }: SurfaceProps) {
  const strings = useBudStrings()
  const { pareto } = strings
  const format = useBudFormat()
  const summaryId = useId()
  const [cursor, setCursor] = useState<number | undefined>(undefined)
  const xMax = toRoundAbove(Math.max(...points.map(({ x }) => x)))
  const yMax = toRoundAbove(Math.max(...points.map(({ y }) => y)))
  const toX = (x: number) => (x / xMax) * box.width
  const toY = (y: number) => box.height - (y / yMax) * box.height
  const frontier = points.filter(({ isFrontier }) => isFrontier)
  const at = Math.min(cursor ?? 0, points.length - 1)
  const describe = ({ plan, x, y, isFrontier }: ParetoPoint) =>
    `${pareto.point(toPlanTitle(plan, strings), format.decimal(x), format.decimal(y))}${isFrontier ? `, ${pareto.frontier}` : ''}`
  const here = points[at]
  const onKeyDown = (event: KeyboardEvent) => {
    if ((event.key === 'Enter' || event.key === ' ') && here !== undefined) {
      event.preventDefault()
      onSelect?.(here.plan)
      return
    }
    const next = toNextIndex(event.key, cursor ?? -1, points.length)
    if (next === undefined) return
    event.preventDefault()
    setCursor(next)
  }
  return (
    <>
      <div className="bud-pareto-body">
        <span className="bud-pareto-label">{pareto.y}</span>
        <div
          className="bud-pareto-surface"
          role="slider"
          tabIndex={0}
          dir="ltr"
          aria-label={pareto.title}
          aria-describedby={summaryId}
          aria-valuemin={0}
          aria-valuemax={points.length - 1}
          aria-valuenow={at}
          aria-valuetext={here === undefined ? '' : describe(here)}
          onKeyDown={onKeyDown}
          onBlur={() => setCursor(undefined)}
          onPointerLeave={() => setCursor(undefined)}
        >
          <svg viewBox={`-52 -12 ${box.width + 72} ${box.height + 40}`} aria-hidden="true">
            {[0, 0.5, 1].map((share) => (
              <g key={share}>
                <path className="bud-pareto-grid" d={`M0 ${toY(share * yMax)}H${box.width}`} />
                <text className="bud-pareto-tick" x={-8} y={toY(share * yMax) + 4} textAnchor="end">
                  {format.compact(share * yMax)}
                </text>
                <text className="bud-pareto-tick" x={toX(share * xMax)} y={box.height + 20} textAnchor="middle">
                  {format.compact(share * xMax)}
                </text>
              </g>
            ))}
            <path
              className="bud-pareto-line"
              d={frontier.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`).join('')}
            />
            {points.map(({ plan, x, y, isFrontier }, index) => (
              <circle
                key={`${plan.name}-${index}`}
                className="bud-pareto-point"
                data-frontier={isFrontier}
                data-selected={plan === selected}
                data-cursor={cursor === index}
                cx={toX(x)}
                cy={toY(y)}
                r={plan === selected || cursor === index ? 7 : 5}
                onPointerEnter={() => setCursor(index)}
                onClick={() => onSelect?.(plan)}
              />
            ))}
          </svg>
        </div>
      </div>
      <p className="bud-pareto-foot">
        <span className="bud-pareto-reading">{cursor === undefined || here === undefined ? '' : describe(here)}</span>
        <span className="bud-pareto-label">{pareto.x}</span>
      </p>
      <p id={summaryId} className="bud-hidden">
        {pareto.summary(points.length, frontier.length)} {pareto.keyboardHint}
      </p>
    </>
  )
}

function ParetoTable({ points }: { readonly points: readonly ParetoPoint[] }) {
  const strings = useBudStrings()
  const { pareto, chart } = strings
  const format = useBudFormat()
  return (
    <div className="bud-chart-table" tabIndex={0} role="group" aria-label={chart.tableCaption(pareto.title)}>
      <table className="bud-table">
        <caption className="bud-hidden">{chart.tableCaption(pareto.title)}</caption>
        <thead>
          <tr>
            <th scope="col">{pareto.plan}</th>
            <th scope="col" className="bud-number">
              {pareto.x}
            </th>
            <th scope="col" className="bud-number">
              {pareto.y}
            </th>
          </tr>
        </thead>
        <tbody>
          {points.map(({ plan, x, y }, index) => (
            <tr key={`${plan.name}-${index}`}>
              <th scope="row">{toPlanTitle(plan, strings)}</th>
              <td className="bud-number">{format.decimal(x)}</td>
              <td className="bud-number">{format.decimal(y)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
