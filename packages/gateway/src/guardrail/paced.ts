/** Work that gives the event loop back from time to time: no text is so long that other calls wait for it. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '@bud-foundry/core'
import type { Awaitable } from '../governance/after.ts'
import { turnMs } from './guardrail-limits.ts'

/** Goes on until it ends, undefined, or until its turn is over. */
function takeTurn<Value>(work: Generator<undefined, Value>, clock: Clock): IteratorReturnResult<Value> | undefined {
  const endMs = clock.monotonicMs() + turnMs
  for (;;) {
    const step = work.next()
    if (step.done === true) return step
    if (clock.monotonicMs() >= endMs) return undefined
  }
}

/**
 * Runs `work` to its end, in turns between which everything else goes on. A promise only where one turn was not enough; it rejects with the
 * signal's reason before the next turn once nobody waits for the work any more.
 */
export function paced<Value>(work: Generator<undefined, Value>, clock: Clock, signal: () => AbortSignal): Awaitable<Value> {
  const ended = takeTurn(work, clock)
  return ended === undefined ? laterTurns(work, clock, signal()) : ended.value
}

async function laterTurns<Value>(work: Generator<undefined, Value>, clock: Clock, signal: AbortSignal): Promise<Value> {
  for (;;) {
    await setImmediate()
    signal.throwIfAborted()
    const ended = takeTurn(work, clock)
    if (ended !== undefined) return ended.value
  }
}
