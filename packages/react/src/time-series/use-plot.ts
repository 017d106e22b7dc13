'use client'
/** Binds a drawn plot to a mounted element: made once, told of new data, redrawn when the theme changes, closed on leaving. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore, type RefObject } from 'react'
import { useBudFormat } from '../hook/bud-context.ts'
import type { ChartData } from './chart-data.ts'
import { createPlot, loadedLibrary, loadLibrary, type Plot } from './uplot-plot.ts'

type Library = NonNullable<ReturnType<typeof loadedLibrary>>

export interface UsePlot {
  readonly host: RefObject<HTMLDivElement | null>
  readonly isDrawn: boolean
  /** The library is there, so that nothing has to stand in for the drawing. */
  readonly isImmediate: boolean
  readonly showCursor: (index: number | undefined) => void
}

export function usePlot(data: ChartData, onHover: (index: number | undefined) => void): UsePlot {
  const format = useBudFormat()
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot | undefined>(undefined)
  const [isDrawn, setIsDrawn] = useState(false)
  // While a server's markup is taken over it must look as it did there.
  const isImmediate = useSyncExternalStore(never, hasLibrary, () => false)
  const latest = useRef({ data, onHover })
  latest.current = { data, onHover }
  // Other series need another plot; other values do not.
  const shape = data.series.map(({ label, tone, isFilled }) => `${label}:${tone}:${String(isFilled)}`).join('|')

  useEffect(() => {
    const element = host.current
    if (element === null) return
    let isLeft = false
    const draw = (library: Library) => {
      if (isLeft) return
      const onMove = (index: number | undefined) => {
        latest.current.onHover(index)
      }
      plot.current = createPlot(library, { host: element, data: latest.current.data, format, onHover: onMove })
      setIsDrawn(true)
    }
    const present = loadedLibrary()
    if (present !== undefined) draw(present)
    // When it cannot be fetched, the static plot stays on the page and says the same.
    else void loadLibrary().then(draw, () => undefined)
    const stopWatching = watchTheme(element, () => plot.current?.redraw())
    return () => {
      isLeft = true
      stopWatching()
      plot.current?.close()
      plot.current = undefined
      setIsDrawn(false)
    }
  }, [format, shape])

  useEffect(() => {
    plot.current?.update(data)
  }, [data])

  const showCursor = useCallback((index: number | undefined) => {
    plot.current?.showCursor(index)
  }, [])
  return { host, isDrawn, isImmediate, showCursor }
}

const never = () => () => {}
const hasLibrary = () => loadedLibrary() !== undefined

/** The theme changes with the system, or with an attribute on this element's ancestors. */
function watchTheme(element: HTMLElement, onChange: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  system.addEventListener('change', onChange)
  const observer = new MutationObserver(onChange)
  for (let node = element.parentElement; node !== null; node = node.parentElement) {
    observer.observe(node, { attributes: true, attributeFilter: ['data-bud-theme', 'data-theme', 'class', 'style'] })
  }
  return () => {
    system.removeEventListener('change', onChange)
    observer.disconnect()
  }
}
