/** The chart as plain SVG: the server's first paint, and what shows until the drawing library is there. */
import { toAreaPath, toExtremes, toLinePath, toRange } from '../geometry/line-path.ts'
import type { ChartData } from './chart-data.ts'

/** More would not be seen at this width. */
const pointsMax = 1000
const box = { width: 1000, height: 100 }

export function StaticPlot({ data }: { readonly data: ChartData }) {
  const high = Math.max(...data.series.map(({ values }) => toRange(values)?.high ?? 0))
  const range = { low: 0, high: high > 0 ? high : 1 }
  const series = data.series.map((each) => ({ ...each, values: toExtremes(each.values, pointsMax) }))
  return (
    <svg className="bud-plot-static" viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
      {series.map(({ label, values, tone, isFilled }) => (
        <g key={label} data-tone={tone}>
          {isFilled === true ? <path className="bud-plot-area" d={toAreaPath(values, range, box)} /> : null}
          <path className="bud-plot-line" d={toLinePath(values, range, box)} vectorEffect="non-scaling-stroke" />
        </g>
      ))}
    </svg>
  )
}
