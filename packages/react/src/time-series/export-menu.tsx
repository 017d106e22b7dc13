'use client'
/** Saves a chart as CSV, SVG or PNG. */
import { useRef, useState } from 'react'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'
import { useDismiss } from '../part/use-dismiss.ts'
import { save, toFileName } from '../part/csv-file.ts'
import { toCsv, toPng, toSvg } from './chart-file.ts'
import type { ChartData } from './chart-data.ts'

export function ExportMenu({ title, data }: { readonly title: string; readonly data: ChartData }) {
  const { metrics, chart } = useBudStrings()
  const format = useBudFormat()
  const menu = useRef<HTMLDetailsElement>(null)
  useDismiss(menu)
  // Most menus are never opened; their entries wait for it.
  const [isOpened, setIsOpened] = useState(false)
  const [hasFailed, setHasFailed] = useState(false)
  const name = toFileName(title)
  const done = () => {
    if (menu.current !== null) menu.current.open = false
  }
  const draw = () => {
    const style = menu.current === null ? undefined : getComputedStyle(menu.current)
    const colours = data.series.map(({ tone }) => {
      const probe = menu.current?.closest('.bud-chart')?.querySelector(`[data-probe='${tone}']`)
      return probe === null || probe === undefined ? 'currentColor' : getComputedStyle(probe).color
    })
    const panel = menu.current?.closest('.bud-panel')
    const background = panel === null || panel === undefined ? 'white' : getComputedStyle(panel).backgroundColor
    return { title, data, colours, text: style?.color ?? 'black', background, writeTime: data.writeTime ?? format.dateTime }
  }
  const kinds = [
    { label: metrics.exportCsv, run: async () => save(new Blob([toCsv(data, chart.time)], { type: 'text/csv' }), `${name}.csv`) },
    { label: metrics.exportSvg, run: async () => save(new Blob([toSvg(draw())], { type: 'image/svg+xml' }), `${name}.svg`) },
    { label: metrics.exportPng, run: async () => save(await toPng(draw()), `${name}.png`) },
  ]
  return (
    <details ref={menu} className="bud-menu" onToggle={() => setIsOpened(true)}>
      <summary className="bud-button bud-button-ghost bud-button-icon" aria-label={metrics.export(title)} title={metrics.export(title)}>
        <Icon name={hasFailed ? 'warning' : 'download'} />
        <span className="bud-hidden" role="status">
          {hasFailed ? metrics.exportFailed : ''}
        </span>
      </summary>
      <div className="bud-menu-list">
        {!isOpened
          ? null
          : kinds.map(({ label, run }) => (
              <button
                key={label}
                type="button"
                className="bud-button bud-button-ghost"
                disabled={data.timesUnixMs.length === 0}
                onClick={() => {
                  done()
                  setHasFailed(false)
                  run().catch(() => {
                    setHasFailed(true)
                  })
                }}
              >
                {label}
              </button>
            ))}
      </div>
    </details>
  )
}
