/** Draws with uPlot, which is fetched only when a chart is on the page; colours come from the style sheet, so themes apply at once. */
import type uPlot from 'uplot'
import type { Format } from '../format/format.ts'
import { isEmptyChart, type ChartAnnotation, type ChartData, type TimeSpan } from './chart-data.ts'

export interface Plot {
  update(data: ChartData): void
  /** Moves the cursor to a point; undefined takes it away. */
  showCursor(index: number | undefined): void
  /** Shows this part of the time; undefined all of it. */
  showSpan(span: TimeSpan | undefined): void
  /** Marks the part that is being chosen; undefined takes the mark away. */
  showBrush(span: TimeSpan | undefined): void
  annotate(annotations: readonly ChartAnnotation[]): void
  /** Draws again with the colours of the present theme. */
  redraw(): void
  /** Twice without harm. */
  close(): void
}

export interface PlotOptions {
  readonly host: HTMLElement
  readonly data: ChartData
  readonly format: Format
  readonly annotations: readonly ChartAnnotation[]
  readonly span: TimeSpan | undefined
  /** Charts with the same key move their cursors together. */
  readonly syncKey: string | undefined
  /** From `measurePlot`, before anything is drawn. */
  readonly look: PlotLook
  /** Hears which point the pointer is at. */
  readonly onHover: (index: number | undefined) => void
  /** Hears which part of the time was dragged over. */
  readonly onBrush: (span: TimeSpan) => void
  /** Hears a double click. */
  readonly onReset: () => void
}

/** What is read from the page before drawing. Reading after writing makes the browser lay everything out anew, chart by chart. */
export interface PlotLook {
  readonly width: number
  readonly height: number
  readonly font: string
  readonly colours: Readonly<Record<string, string>>
}

export function measurePlot(host: HTMLElement): PlotLook {
  const colours: Record<string, string> = {}
  for (const probe of host.querySelectorAll<HTMLElement>('[data-probe]'))
    colours[probe.dataset['probe'] ?? ''] = getComputedStyle(probe).color
  return {
    width: Math.max(host.clientWidth, 50),
    height: Math.max(host.clientHeight, 50),
    font: `11px ${getComputedStyle(host).fontFamily}`,
    colours,
  }
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
  let { data, annotations, span, look } = options
  const { font } = look
  const readColour = (name: string): string => look.colours[name] ?? 'gray'
  const toOptions = (): uPlot.Options => ({
    width: look.width,
    height: look.height,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      points: { size: 7, width: 2 },
      bind: { dblclick: () => () => (options.onReset(), null) },
      ...(options.syncKey === undefined ? {} : { sync: { key: options.syncKey, setSeries: false } }),
    },
    ms: 1,
    // Marks of the axis fall on round times of the zone whose times are written beside them.
    ...toZone(UPlot, data.writeTime === undefined ? format.timeZone : 'UTC'),
    scales: {
      x: { range: (_, low, high) => (span === undefined ? [low, high] : [span.fromUnixMs, span.toUnixMs]) },
      y: { range: (_, __, high) => [0, high > 0 ? high * 1.1 : 1] },
    },
    axes: [
      {
        stroke: () => readColour('axis'),
        grid: { show: false },
        ticks: { show: false },
        size: axisHeight,
        space: 64,
        font,
        values: (plot, splits) =>
          splits.map(data.writeTime ?? toTickWriter(splits, (plot.scales['x']?.max ?? 0) - (plot.scales['x']?.min ?? 0), format)),
      },
      {
        stroke: () => readColour('axis'),
        grid: { stroke: () => readColour('grid'), width: 1 },
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
        stroke: () => readColour(tone),
        ...(isFilled === true ? { fill: () => toTransparent(readColour(tone)) } : {}),
        points: { show: (plot, index) => isSparse(plot.data[index]), size: 4 },
      })),
    ],
    hooks: {
      drawClear: [(plot) => drawAnnotations(plot, annotations, readColour)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select
          if (width < dragPixelsMin) return
          options.onBrush({ fromUnixMs: plot.posToVal(left, 'x'), toUnixMs: plot.posToVal(left + width, 'x') })
          hideBrush(plot)
        },
      ],
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
    showSpan(next) {
      if (next === span) return
      span = next
      // Data of its own makes the plot ask for its ranges anew.
      plot.setData(toColumns(data), true)
    },
    showBrush(part) {
      if (part === undefined) {
        hideBrush(plot)
        return
      }
      const [left, right] = [plot.valToPos(part.fromUnixMs, 'x'), plot.valToPos(part.toUnixMs, 'x')]
      plot.setSelect({ left, width: Math.max(right - left, 1), top: 0, height: plot.over.clientHeight }, false)
    },
    annotate(next) {
      if (next === annotations) return
      annotations = next
      plot.redraw(false, false)
    },
    redraw() {
      look = measurePlot(host)
      plot.redraw(false, true)
    },
    close() {
      observer.disconnect()
      plot.destroy()
    },
  }
}

function toZone(UPlot: typeof uPlot, timeZone: string | undefined): Partial<uPlot.Options> {
  return timeZone === undefined ? {} : { tzDate: (unixMs) => UPlot.tzDate(new Date(unixMs), timeZone) }
}

/** As little of the time as tells the marks apart. */
function toTickWriter(splits: readonly number[], spanMs: number, format: Format): (unixMs: number) => string {
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

/** Shorter drags are clicks with an unsteady hand. */
const dragPixelsMin = 6

function hideBrush(plot: uPlot): void {
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
}

/** A band for a stretch of time, a line for a moment; behind the data, so that no value is hidden. */
function drawAnnotations(plot: uPlot, annotations: readonly ChartAnnotation[], readColour: (tone: string) => string): void {
  const { ctx, bbox } = plot
  for (const { fromUnixMs, toUnixMs = fromUnixMs, tone = 'neutral' } of annotations) {
    const [from, to] = [plot.valToPos(fromUnixMs, 'x', true), plot.valToPos(toUnixMs, 'x', true)]
    const [left, right] = [Math.max(from, bbox.left), Math.min(to, bbox.left + bbox.width)]
    if (right < left) continue
    ctx.save()
    ctx.fillStyle = readColour(tone)
    ctx.globalAlpha = 0.1
    ctx.fillRect(left, bbox.top, right - left, bbox.height)
    ctx.globalAlpha = 0.75
    for (const edge of [from, to]) if (edge >= left && edge <= right) ctx.fillRect(Math.round(edge), bbox.top, 1, bbox.height)
    ctx.restore()
  }
}

function toTransparent(colour: string): string {
  return `color-mix(in srgb, ${colour} 12%, transparent)`
}
