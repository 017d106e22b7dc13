/** Where a page of requests is looked for: newest first, a little at a time, so that a page of a large table reads its end alone. */
import type { PagePlan } from './request-engine.ts'
import type { TimeWindow } from './window.ts'

/** How far back each look goes: the newest rows of a busy project lie in its last hour, those of a quiet one anywhere. */
const reachUs = [3_600_000_000, 86_400_000_000, 30 * 86_400_000_000]

/** Pieces of the window that cover what is left of it once, the newest first. What lies in the future belongs to the first. */
export function cutPageWindow({ selection, after }: Pick<PagePlan, 'selection' | 'after'>, nowUs: number): readonly TimeWindow[] {
  const { fromUs } = selection.window
  // The row that the page before ended with may share its instant with others.
  const toUs = Math.min(selection.window.toUs, after === undefined ? Number.POSITIVE_INFINITY : after.timeUs + 1)
  const newestUs = Math.min(toUs, nowUs)
  const edges = [toUs, ...reachUs.map((reach) => newestUs - reach).filter((edge) => edge > fromUs && edge < toUs), fromUs]
  return edges.slice(1).map((edge, index) => ({ fromUs: edge, toUs: edges[index] ?? toUs }))
}
