/** Lends a fixed set of sessions, first come first served, with a bound on who waits. */
import { coreErrors } from '@bud-foundry/core'
import { metricsErrors } from '../errors.ts'

/** Runs work on the next free session. */
export interface Lane<Session> {
  /**
   * The session stays lent until the work has really ended: an engine that cannot be interrupted goes on after its caller has left.
   * @throws METRICS_QUEUE_FULL when too many wait, METRICS_CLIENT_CLOSED after close, CORE_ABORTED as soon as the signal aborts
   */
  run<Result>(what: string, work: (session: Session) => Promise<Result>, signal?: AbortSignal): Promise<Result>
  /** Refuses new work and resolves when what runs and waits has ended. */
  close(): Promise<void>
}

export function createLane<Session>(sessions: readonly Session[], waitingLimit: number): Lane<Session> {
  const free = [...sessions]
  const waiting: ((session: Session) => void)[] = []
  const running = new Set<Promise<unknown>>()
  let closed = false

  function release(session: Session): void {
    const next = waiting.shift()
    if (next === undefined) free.push(session)
    else next(session)
  }

  async function lend<Result>(work: (session: Session) => Promise<Result>, left: () => boolean): Promise<Result | undefined> {
    const session = free.pop() ?? (await new Promise<Session>((resolve) => waiting.push(resolve)))
    try {
      // A caller that left while waiting must not cost the engine a query.
      return left() ? undefined : await work(session)
    } finally {
      release(session)
    }
  }

  return {
    async run(what, work, signal) {
      if (closed) throw metricsErrors.CLIENT_CLOSED({ what })
      if (waiting.length >= waitingLimit) throw metricsErrors.QUEUE_FULL({ limit: waitingLimit })
      const aborted = Promise.withResolvers<never>()
      const onAbort = () => {
        aborted.reject(coreErrors.ABORTED({ what }, { cause: signal?.reason }))
      }
      if (signal?.aborted === true) throw coreErrors.ABORTED({ what }, { cause: signal.reason })
      signal?.addEventListener('abort', onAbort, { once: true })
      const outcome = lend(work, () => signal?.aborted === true)
      const settled = outcome.then(
        () => undefined,
        () => undefined,
      )
      running.add(settled)
      void settled.then(() => running.delete(settled))
      try {
        // Undefined only when the caller left, and then the other side of the race has already rejected.
        return (await Promise.race([outcome, aborted.promise])) as never
      } finally {
        signal?.removeEventListener('abort', onAbort)
      }
    },
    async close() {
      closed = true
      while (running.size > 0) await Promise.all(running)
    },
  }
}
