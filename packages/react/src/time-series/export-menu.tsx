'use client'
/** Saves a chart as CSV, SVG or PNG. */
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { SaveMenu } from '../part/save-menu.tsx'
import type { ChartData } from './chart-data.ts'
import { toCsv, toPng, toSvg } from './chart-file.ts'

export function ExportMenu({ title, data }: { readonly title: string; readonly data: ChartData }) {
  const { metrics, chart } = useBudStrings()
  const format = useBudFormat()
  const draw = (menu: HTMLElement) => {
    const colours = data.series.map(({ tone }) => {
      const probe = menu.closest('.bud-chart')?.querySelector(`[data-probe='${tone}']`)
      return probe === null || probe === undefined ? 'currentColor' : getComputedStyle(probe).color
    })
    const panel = menu.closest('.bud-panel')
    const background = panel === null ? 'white' : getComputedStyle(panel).backgroundColor
    return { title, data, colours, text: getComputedStyle(menu).color, background, writeTime: data.writeTime ?? format.dateTime }
  }
  return (
    <SaveMenu
      title={title}
      isEmpty={data.timesUnixMs.length === 0}
      kinds={[
        { label: metrics.exportCsv, ending: 'csv', make: () => new Blob([toCsv(data, chart.time)], { type: 'text/csv' }) },
        { label: metrics.exportSvg, ending: 'svg', make: (menu) => new Blob([toSvg(draw(menu))], { type: 'image/svg+xml' }) },
        { label: metrics.exportPng, ending: 'png', make: (menu) => toPng(draw(menu)) },
      ]}
    />
  )
}
