/// <reference lib="dom" />
/** Draws the same data with each library, and times it to the second frame after the drawing is there. */
import { BudProvider } from '@bud-foundry/react'
import { TimeSeriesChart } from '@bud-foundry/react/time-series'
import { LineChart as EChartsLine } from 'echarts/charts'
import { GridComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { CartesianGrid, Line, LineChart, XAxis, YAxis } from 'recharts'
import UPlot from 'uplot'
import { runLive, runSliders } from './live-page.tsx'

use([EChartsLine, GridComponent, CanvasRenderer])

interface Task {
  readonly library: 'bud' | 'uplot' | 'recharts' | 'echarts'
  readonly charts: number
  readonly points: number
  readonly seriesPerChart: number
}

const width = 900
const height = 300
const colours = ['#5046d6', '#0b7285', '#b45309'] as const

function makeData({ points, seriesPerChart }: Task) {
  const count = Math.round(points / seriesPerChart)
  const times = Array.from({ length: count }, (_, index) => 1_700_000_000_000 + index * 1_000)
  const series = Array.from({ length: seriesPerChart }, (_, at) =>
    Array.from({ length: count }, (__, index) => 50 + 30 * Math.sin(index / (40 + at)) + ((index * 7919 + at * 104_729) % 23)),
  )
  return { times, series }
}

const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))

function place(charts: number): HTMLElement[] {
  document.body.replaceChildren()
  return Array.from({ length: charts }, () => {
    const element = document.createElement('div')
    element.style.cssText = `width:${String(width)}px;height:${String(height)}px`
    document.body.append(element)
    return element
  })
}

/** Resolves as soon as so many are on the page, without waiting for a frame of its own. */
function waitForAll(selector: string, count: number): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (document.querySelectorAll(selector).length < count) return
      observer.disconnect()
      resolve()
    }
    const observer = new MutationObserver(check)
    observer.observe(document.body, { childList: true, subtree: true })
    check()
  })
}

const drawers: Readonly<Record<Task['library'], (task: Task, hosts: HTMLElement[]) => Promise<() => void>>> = {
  uplot(task, hosts) {
    const { times, series } = makeData(task)
    const plots = hosts.map(
      (host) =>
        new UPlot(
          {
            width,
            height: 250,
            ms: 1,
            legend: { show: false },
            series: [{}, ...series.map((_, at) => ({ stroke: colours[at] ?? 'black', width: 1.5 }))],
          },
          [times, ...series],
          host,
        ),
    )
    return Promise.resolve(() => {
      for (const plot of plots) plot.destroy()
    })
  },
  async bud(task, hosts) {
    const { times, series } = makeData(task)
    const lines = series.map((values, at) => ({
      label: `s${String(at)}`,
      values,
      tone: (['accent', 'second', 'third'] as const)[at] ?? 'accent',
    }))
    const close = mount(hosts, <TimeSeriesChart title="Bench" timesUnixMs={times} series={lines} write={String} />, BudProvider)
    await waitForAll('canvas', hosts.length)
    return close
  },
  async recharts(task, hosts) {
    const { times, series } = makeData(task)
    const rows = times.map((time, index) => ({
      time,
      ...Object.fromEntries(series.map((values, at) => [`s${String(at)}`, values[index]])),
    }))
    const close = mount(
      hosts,
      <LineChart width={width} height={250} data={rows}>
        <CartesianGrid />
        <XAxis dataKey="time" />
        <YAxis />
        {series.map((_, at) => (
          <Line key={at} dataKey={`s${String(at)}`} stroke={colours[at] ?? 'black'} dot={false} isAnimationActive={false} />
        ))}
      </LineChart>,
    )
    await waitForAll('.recharts-line-curve', hosts.length * series.length)
    return close
  },
  echarts(task, hosts) {
    const { times, series } = makeData(task)
    const charts = hosts.map((host) => {
      const chart = init(host)
      chart.setOption({
        animation: false,
        xAxis: { type: 'time' },
        yAxis: {},
        series: series.map((values) => ({ type: 'line', showSymbol: false, data: values.map((value, index) => [times[index], value]) })),
      })
      return chart
    })
    return Promise.resolve(() => {
      for (const chart of charts) chart.dispose()
    })
  },
}

/** One page of charts, as an application mounts them. */
function mount(
  hosts: HTMLElement[],
  chart: ReactNode,
  Frame: (props: { children: ReactNode }) => ReactNode = ({ children }) => children,
): () => void {
  const root = createRoot(document.body.appendChild(document.createElement('div')))
  const style = { width, height }
  const charts = hosts.map((_, index) => (
    <div key={index} style={style}>
      {chart}
    </div>
  ))
  document.body.replaceChildren(...[...document.body.children].slice(hosts.length))
  root.render(<Frame>{charts}</Frame>)
  return () => {
    root.unmount()
  }
}

/** Milliseconds to the second frame. */
async function time(task: Task): Promise<number> {
  const hosts = place(task.charts)
  await frame()
  await frame()
  const startMs = performance.now()
  const close = await drawers[task.library](task, hosts)
  await frame()
  await frame()
  const tookMs = performance.now() - startMs
  close()
  return tookMs
}

Object.assign(window, { benchTime: time, benchLive: runLive, benchSliders: runSliders })
