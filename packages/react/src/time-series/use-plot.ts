'use client'
/** Binds a drawn plot to a mounted element: made once, told of new data, redrawn when the theme changes, closed on leaving. */
import { useEffect, useMemo, useRef, useState, useSyncExternalStore, type RefObject } from 'react'
import { useBudFormat } from '../hook/bud-context.ts'
import { useBrowserLayoutEffect } from '../hook/use-browser-layout-effect.ts'
import type { ChartAnnotation, ChartData, TimeSpan } from './chart-data.ts'
import { drawSoon } from './draw-queue.ts'
import { createPlot, loadedLibrary, loadLibrary, type Plot, type PlotLook } from './uplot-plot.ts'
import { watchTheme } from './watch-theme.ts'

type Library = NonNullable<ReturnType<typeof loadedLibrary>>

export interface PlotInput {
  readonly data: ChartData
  readonly annotations: readonly ChartAnnotation[]
  readonly span: TimeSpan | undefined
  readonly syncKey: string | undefined
  readonly onHover: (index: number | undefined) => void
  readonly onBrush: (span: TimeSpan) => void
  readonly onReset: () => void
}

export interface UsePlot {
  readonly host: RefObject<HTMLDivElement | null>
  /** Nothing has to stand in for the drawing: it is there, or comes before the next frame. */
  readonly isDrawn: boolean
  readonly showCursor: (index: number | undefined) => void
  readonly showBrush: (span: TimeSpan | undefined) => void
}

export function usePlot(input: PlotInput): UsePlot {
  const { data, annotations, span, syncKey } = input
  const format = useBudFormat()
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot | undefined>(undefined)
  // While a server's markup is taken over it must look as it did there.
  const isImmediate = useSyncExternalStore(never, hasLibrary, () => false)
  const [isLate, setIsLate] = useState(false)
  const latest = useRef(input)
  latest.current = input
  // Other series need another plot; other values do not.
  const shape = data.series.map(({ label, tone, isFilled }) => `${label}:${tone}:${String(isFilled)}`).join('|')

  // Before the first paint, so that no empty frame shows.
  useBrowserLayoutEffect(() => {
    const element = host.current
    if (element === null) return
    let isLeft = false
    let stopWatching = () => {}
    const draw = (library: Library, look: PlotLook) => {
      plot.current = createPlot(library, {
        ...latest.current,
        host: element,
        format,
        look,
        onHover: (index) => latest.current.onHover(index),
        onBrush: (part) => latest.current.onBrush(part),
        onReset: () => latest.current.onReset(),
      })
      element.dataset['drawn'] = 'true'
      stopWatching = watchTheme(element, () => plot.current?.redraw())
      if (!isImmediate) setIsLate(true)
    }
    const start = (library: Library) => {
      if (!isLeft) cancel = drawSoon(element, (look) => draw(library, look))
    }
    let cancel = () => {}
    const present = loadedLibrary()
    if (present !== undefined) start(present)
    // When it cannot be fetched, the static plot stays on the page and says the same.
    else void loadLibrary().then(start, () => undefined)
    return () => {
      isLeft = true
      cancel()
      stopWatching()
      plot.current?.close()
      plot.current = undefined
      delete element.dataset['drawn']
    }
    // The first kind of drawing is kept: it changes once, when the library arrives.
  }, [format, shape, syncKey])

  useEffect(() => {
    plot.current?.update(data)
  }, [data])
  useEffect(() => {
    plot.current?.showSpan(span)
  }, [span])
  useEffect(() => {
    plot.current?.annotate(annotations)
  }, [annotations])

  const commands = useMemo(
    () => ({
      showCursor: (index: number | undefined) => plot.current?.showCursor(index),
      showBrush: (part: TimeSpan | undefined) => plot.current?.showBrush(part),
    }),
    [],
  )
  return { host, isDrawn: isImmediate || isLate, ...commands }
}

const never = () => () => {}
const hasLibrary = () => loadedLibrary() !== undefined
