/** Draws the charts that came onto the page together: all are measured first, then all are drawn, so that the browser lays the page out once. */
import { measurePlot, type PlotLook } from './uplot-plot.ts'

interface Waiting {
  readonly host: HTMLElement
  readonly draw: (look: PlotLook) => void
}

const waiting = new Set<Waiting>()

/** Draws before the next frame; the returned function takes the wish back. */
export function drawSoon(host: HTMLElement, draw: (look: PlotLook) => void): () => void {
  const entry = { host, draw }
  if (waiting.size === 0) queueMicrotask(drawAll)
  waiting.add(entry)
  return () => {
    waiting.delete(entry)
  }
}

function drawAll(): void {
  const measured = [...waiting].map((entry) => ({ entry, look: measurePlot(entry.host) }))
  waiting.clear()
  for (const { entry, look } of measured) entry.draw(look)
}
