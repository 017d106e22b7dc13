/** A Sink that keeps every event in memory, and lets a test wait for one. */
import type { Sink } from '../contracts/sink.ts'
import { coreErrors } from '../error/core-errors.ts'
import type { BudEvent } from '../event/event.ts'

/** A Sink for tests. */
export interface EventRecorder extends Sink {
  /** In order of writing, each id once. */
  readonly events: readonly BudEvent[]
  ofKind(kind: string): readonly BudEvent[]
  /** Resolves with the first event that matches, at once if it came already; bound the wait with the signal. */
  waitFor(matches: (event: BudEvent) => boolean, signal: AbortSignal): Promise<BudEvent>
}

/** @param options.kinds Which kinds it takes; all when absent. */
export function createEventRecorder(options: { readonly kinds?: ReadonlySet<string> } = {}): EventRecorder {
  const byId = new Map<string, BudEvent>()
  const waiting = new Set<{ readonly matches: (event: BudEvent) => boolean; readonly resolve: (event: BudEvent) => void }>()
  return {
    contract: 'sink/1',
    kinds: options.kinds ?? 'all',
    get events() {
      return [...byId.values()]
    },
    ofKind: (kind) => [...byId.values()].filter((event) => event.kind === kind),
    waitFor: (matches, signal) =>
      new Promise((resolve, reject) => {
        const found = [...byId.values()].find(matches)
        if (found !== undefined) {
          resolve(found)
          return
        }
        const entry = { matches, resolve }
        waiting.add(entry)
        const onAbort = () => {
          waiting.delete(entry)
          reject(coreErrors.ABORTED({ what: 'the wait for an event' }, { cause: signal.reason }))
        }
        if (signal.aborted) onAbort()
        else signal.addEventListener('abort', onAbort, { once: true })
      }),
    write: (batch) => {
      for (const event of batch) {
        if (byId.has(event.id)) continue
        byId.set(event.id, event)
        for (const entry of waiting) {
          if (!entry.matches(event)) continue
          waiting.delete(entry)
          entry.resolve(event)
        }
      }
      return Promise.resolve()
    },
    flush: () => Promise.resolve(),
    receipt: () => ({ produced: byId.size, stored: byId.size, pending: 0, dropped: 0 }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
