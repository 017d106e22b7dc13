'use client'
/** Binds a drawn plot to a mounted element: made once, told of new data, redrawn when the theme changes, closed on leaving. */
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react'
import { useBudFormat } from '../hook/bud-context.ts'
import type { ChartData } from './chart-data.ts'
import { createPlot, type Plot } from './uplot-plot.ts'

export interface UsePlot {
  readonly host: RefObject<HTMLDivElement | null>
  readonly isDrawn: boolean
  readonly showCursor: (index: number | undefined) => void
}

export function usePlot(data: ChartData, onHover: (index: number | undefined) => void): UsePlot {
  const format = useBudFormat()
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot | undefined>(undefined)
  const [isDrawn, setIsDrawn] = useState(false)
  const latest = useRef({ data, onHover })
  latest.current = { data, onHover }
  // Other series need another plot; other values do not.
  const shape = data.series.map(({ label, tone, isFilled }) => `${label}:${tone}:${String(isFilled)}`).join('|')

  useEffect(() => {
    const element = host.current
    if (element === null) return
    const leaving = new AbortController()
    const hear = (index: number | undefined) => {
      latest.current.onHover(index)
    }
    createPlot({ host: element, data: latest.current.data, format, onHover: hear }, leaving.signal).then(
      (made) => {
        if (made === undefined) return
        plot.current = made
        // Data may have moved on while the library was fetched.
        made.update(latest.current.data)
        setIsDrawn(true)
      },
      // The static plot stays on the page and says the same.
      () => {
        setIsDrawn(false)
      },
    )
    const stopWatching = watchTheme(element, () => plot.current?.redraw())
    return () => {
      leaving.abort()
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
  return { host, isDrawn, showCursor }
}

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
