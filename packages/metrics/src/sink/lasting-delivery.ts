/** Deliveries that outlive their time limit: the next attempt waits for the one under way instead of asking for the same work again. */
import { coreErrors } from '@bud-foundry/core'
import type { Lane } from '../client/lane.ts'

export interface LastingDelivery<Session> {
  readonly what: string
  /** Stands for the batch: the same object in every attempt at it. */
  readonly batch: object
  readonly work: (session: Session) => Promise<void>
  readonly signal: AbortSignal
}

/** Waits no longer than the signal allows; the work itself goes on. */
async function waitFor(what: string, outcome: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => {
    aborted.reject(coreErrors.ABORTED({ what }, { cause: signal.reason }))
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    await Promise.race([outcome, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/**
 * Runs deliveries in a lane. An engine that cannot be interrupted finishes what it began although its caller has left; a second attempt
 * beside it would find every row known, and have all rollups that they touch made anew, which takes longer than the first: it would never
 * end. So an attempt at the same batch takes the outcome of the former one, and starts anew only when that failed.
 */
export function createLastingDeliveries<Session>(lane: Lane<Session>): (delivery: LastingDelivery<Session>) => Promise<void> {
  let left: { readonly batch: object; readonly outcome: Promise<void> } | undefined

  return async ({ what, batch, work, signal }) => {
    if (left?.batch === batch) {
      const { outcome } = left
      await waitFor(what, outcome, signal)
      left = undefined
      return
    }
    await lane.run(
      what,
      async (session) => {
        const outcome = work(session)
        const current = (left = { batch, outcome })
        try {
          await outcome
          // Kept for the next attempt only when this one's caller has left.
          if (!signal.aborted && left === current) left = undefined
        } catch (error) {
          if (left === current) left = undefined
          throw error
        }
      },
      signal,
    )
  }
}
