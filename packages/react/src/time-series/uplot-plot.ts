/** Draws with uPlot, which is fetched only when a chart is on the page; colours come from the style sheet, so themes apply at once. */
import type uPlot from 'uplot'
import type { Format } from '../format/format.ts'
import { isEmptyChart, type ChartData } from './chart-data.ts'

export interface Plot {
  update(data: ChartData): void
  /** Moves the cursor to a point; undefined takes it away. */
  showCursor(index: number | undefined): void
  /** Draws again with the colours of the present theme. */
  redraw(): void
  /** Twice without harm. */
  close(): void
}

export interface PlotOptions {
  readonly host: HTMLElement
  readonly data: ChartData
  readonly format: Format
  /** Hears which point the pointer is at. */
  readonly onHover: (index: number | undefined) => void
}

const axisHeight = 24
const axisWidth = 52

let library: typeof uPlot | undefined

/** The drawing library, once some chart has fetched it. */
export function loadedLibrary(): typeof uPlot | undefined {
  return library
}

/** Rejects when it cannot be fetched; the static plot then stays. */
export async function loadLibrary(): Promise<typeof uPlot> {
  library ??= (await import('uplot')).default
  return library
}

export function createPlot(UPlot: typeof uPlot, options: PlotOptions): Plot {
  const { host, format } = options
  // Reading a colour makes the browser work its styles out anew, so each is read once for a theme.
  const colours = new Map<string, string>()
  const readColour = (className: string): string => {
    const known = colours.get(className) ?? readProbe(host, className)
    colours.set(className, known)
    return known
  }
  const font = readFont(host)
  let data = options.data
  const toOptions = (): uPlot.Options => ({
    width: Math.max(host.clientWidth, 50),
    height: Math.max(host.clientHeight, 50),
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7, width: 2 } },
    ms: 1,
    scales: { y: { range: (_, __, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [
      {
        stroke: () => readColour('bud-plot-axis'),
        grid: { show: false },
        ticks: { show: false },
        size: axisHeight,
        space: 64,
        font,
        values: (plot, splits) => splits.map(toTimeWriter(splits, (plot.scales['x']?.max ?? 0) - (plot.scales['x']?.min ?? 0), format)),
      },
      {
        stroke: () => readColour('bud-plot-axis'),
        grid: { stroke: () => readColour('bud-plot-grid'), width: 1 },
        ticks: { show: false },
        size: axisWidth,
        space: 28,
        font,
        // Without a value the scale is arbitrary, and its numbers would mean nothing.
        values: (_, splits) => splits.map((value) => (isEmptyChart(data) ? '' : data.write(value))),
      },
    ],
    series: [
      {},
      ...data.series.map(({ label, tone, isFilled }): uPlot.Series => ({
        label,
        width: 1.5,
        stroke: () => readColour(`bud-plot-tone-${tone}`),
        ...(isFilled === true ? { fill: () => toTransparent(readColour(`bud-plot-tone-${tone}`)) } : {}),
        points: { show: (plot, index) => isSparse(plot.data[index]), size: 4 },
      })),
    ],
    hooks: {
      setCursor: [
        (plot) => {
          options.onHover(plot.cursor.idx ?? undefined)
        },
      ],
    },
  })
  const plot = new UPlot(toOptions(), toColumns(data), host)
  // The surface around it carries the name and the keyboard; the canvas itself says nothing.
  plot.root.setAttribute('aria-hidden', 'true')
  const observer = new ResizeObserver(() => {
    const size = { width: Math.max(host.clientWidth, 50), height: Math.max(host.clientHeight, 50) }
    // It is called once for the size that is drawn already.
    if (size.width !== plot.width || size.height !== plot.height) plot.setSize(size)
  })
  observer.observe(host)
  return {
    update(next) {
      if (next === data) return
      data = next
      plot.setData(toColumns(next))
    },
    showCursor(index) {
      const time = index === undefined ? undefined : data.timesUnixMs[index]
      plot.setCursor(time === undefined ? { left: -10, top: -10 } : { left: plot.valToPos(time, 'x'), top: 10 })
    },
    redraw() {
      colours.clear()
      plot.redraw(false, true)
    },
    close() {
      observer.disconnect()
      plot.destroy()
    },
  }
}

/** As little of the time as tells the marks apart. */
function toTimeWriter(splits: readonly number[], spanMs: number, format: Format): (unixMs: number) => string {
  if (spanMs > 3 * 86_400_000) return format.day
  if (spanMs > 86_400_000) return format.dayMinute
  return splits.every((time) => time % 60_000 === 0) ? format.minute : format.time
}

function toColumns(data: ChartData): uPlot.AlignedData {
  // Safe: uPlot only reads its data; a copy of every value on every refresh is what this saves.
  return [data.timesUnixMs as number[], ...data.series.map(({ values }) => values as (number | null)[])]
}

/** A line needs two neighbours; values between gaps are shown as points or they would vanish. */
function isSparse(values: ArrayLike<number | null | undefined> | undefined): boolean {
  if (values === undefined) return false
  for (let index = 0; index < values.length; index += 1) {
    const isLone = isAbsent(values[index - 1]) && isAbsent(values[index + 1])
    if (!isAbsent(values[index]) && isLone) return true
  }
  return false
}

function isAbsent(value: number | null | undefined): boolean {
  return value === null || value === undefined
}

/** The style sheet colours hidden probes; reading them resolves every custom property and theme. */
function readProbe(host: HTMLElement, className: string): string {
  const probe = host.querySelector(`.${className}`) ?? host.parentElement?.querySelector(`.${className}`)
  return getComputedStyle(probe ?? host).color
}

function toTransparent(colour: string): string {
  return `color-mix(in srgb, ${colour} 12%, transparent)`
}

function readFont(host: HTMLElement): string {
  return `11px ${getComputedStyle(host).fontFamily}`
}
