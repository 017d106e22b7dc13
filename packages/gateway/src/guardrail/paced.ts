/** Work that gives the event loop back from time to time: no text is so long, and no number of them, that other calls wait for it. */
import type { Clock } from '@bud-foundry/core'
import type { Awaitable } from '../governance/after.ts'
import { turnMs } from './guardrail-limits.ts'

/** What the event loop is one of, all work has one of: the time for one iteration, and the line of those that want more of it. */
class Turns {
  /** Of this iteration. */
  #spentMs = 0
  #waiting: (() => void)[] = []
  #scheduled = false

  /** Goes on until the work ends, undefined, or until the iteration's time is over; one step at least. */
  take<Value>(work: Generator<undefined, Value>, clock: Clock): IteratorReturnResult<Value> | undefined {
    const startMs = clock.monotonicMs()
    const endMs = startMs + turnMs - this.#spentMs
    try {
      for (;;) {
        const step = work.next()
        if (step.done === true) return step
        if (clock.monotonicMs() >= endMs) return undefined
      }
    } finally {
      this.#spend(clock.monotonicMs() - startMs)
    }
  }

  /** `turn` is called in a later iteration. */
  queue(turn: () => void): void {
    this.#waiting.push(turn)
    this.#schedule()
  }

  #spend(ms: number): void {
    // Most texts take microseconds, which is nothing to speak of.
    if (ms < 1) return
    this.#spentMs += ms
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#begin)
  }

  /** An iteration begins. */
  readonly #begin = (): void => {
    this.#scheduled = false
    this.#spentMs = 0
    const waiting = this.#waiting
    this.#waiting = []
    let at = 0
    while (at < waiting.length && this.#spentMs < turnMs) waiting[at++]?.()
    // Those who had their turn and want another stand at the end of the line.
    this.#waiting = [...waiting.slice(at), ...this.#waiting]
    if (this.#waiting.length > 0) this.#schedule()
  }
}

const turns = new Turns()

/**
 * Runs `work` to its end, in turns between which everything else goes on; all work that is under way shares one turn of `turnMs` in each iteration
 * of the event loop. A promise only where one turn was not enough; it rejects with the signal's reason once nobody waits for the work any more.
 */
export function paced<Value>(work: Generator<undefined, Value>, clock: Clock, signal: () => AbortSignal): Awaitable<Value> {
  const ended = turns.take(work, clock)
  return ended === undefined ? laterTurns(work, clock, signal()) : ended.value
}

function laterTurns<Value>(work: Generator<undefined, Value>, clock: Clock, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const turn = () => {
      try {
        signal.throwIfAborted()
        const ended = turns.take(work, clock)
        if (ended === undefined) turns.queue(turn)
        else resolve(ended.value)
      } catch (error) {
        // Whatever the signal was given as its reason.
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
    turns.queue(turn)
  })
}
