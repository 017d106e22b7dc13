'use client'
/** The numbers of a chart as a table, newest first. */
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { limits } from '../limits.ts'
import type { ChartData } from './chart-data.ts'
import { toTimeWriter } from './chart-text.ts'

export function ChartTable({ title, data }: { readonly title: string; readonly data: ChartData }) {
  const { chart } = useBudStrings()
  const format = useBudFormat()
  const writeTime = toTimeWriter(data, format)
  const count = data.timesUnixMs.length
  const shown = Math.min(count, limits.chartTableRowsMax)
  const order = Array.from({ length: shown }, (_, index) => count - 1 - index)
  return (
    <div className="bud-chart-table" tabIndex={0} role="group" aria-label={chart.tableCaption(title)}>
      <table className="bud-table">
        <caption className="bud-hidden">{chart.tableCaption(title)}</caption>
        <thead>
          <tr>
            <th scope="col">{chart.time}</th>
            {data.series.map(({ label }) => (
              <th key={label} scope="col" className="bud-number">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {order.map((index) => (
            <tr key={index}>
              <th scope="row">{writeTime(data.timesUnixMs[index] ?? 0)}</th>
              {data.series.map(({ label, values }) => {
                const value = values[index]
                return (
                  <td key={label} className="bud-number">
                    {value === undefined || value === null ? chart.noValue : data.write(value)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {shown === count ? null : <p className="bud-stale">{chart.tableCut(format.count(shown), format.count(count))}</p>}
    </div>
  )
}
