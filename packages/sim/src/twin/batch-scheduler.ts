/** Continuous batching in real time: requests share steps, slow each other down, wait for places and cache. */
import type { Clock } from '@bud-foundry/core'
import type { StepModel } from '../cost/step-cost.ts'

/** One answer being computed. */
export interface Sequence {
  readonly promptTokens: number
  /** Leading prompt tokens that are cached already. */
  readonly cachedTokens: number
  /** At least 1. */
  readonly outputTokens: number
  onStart?(): void
  onPromptDone?(): void
  onToken(index: number): void
  onEnd(): void
}

export interface SchedulerOptions {
  readonly step: StepModel
  readonly clock: Clock
  readonly maxSequences: number
  readonly maxBatchedTokens: number
  readonly cacheTokens: number
  /** Real time is simulated time times this; 0 runs as fast as it can. */
  readonly timeScale: number
}

export interface SchedulerState {
  readonly running: number
  readonly waiting: number
  readonly cacheTokensUsed: number
  readonly preemptions: number
}

export interface BatchScheduler extends AsyncDisposable {
  /** Queues a sequence; the result takes it out again, at any time. */
  submit(sequence: Sequence): Disposable
  state(): SchedulerState
}

interface Entry {
  readonly sequence: Sequence
  promptDone: number
  emitted: number
  started: boolean
  cancelled: boolean
}

const cacheOf = (entry: Entry) => entry.promptDone + entry.emitted
const immediately = () => new Promise<void>((resolve) => setImmediate(resolve))

/** When the host falls behind by more than this, simulated time waits for it instead of racing afterwards. */
const lagLimitMs = 100

export function createBatchScheduler(options: SchedulerOptions): BatchScheduler {
  const { step, clock, maxSequences, maxBatchedTokens, cacheTokens, timeScale } = options
  const waiting: Entry[] = []
  const running: Entry[] = []
  const closing = new AbortController()
  let loop: Promise<void> | undefined
  let preemptions = 0
  let dueMs = 0

  const used = () => running.reduce((sum, entry) => sum + cacheOf(entry), 0)
  const remove = (list: Entry[], entry: Entry) => {
    const index = list.indexOf(entry)
    if (index >= 0) list.splice(index, 1)
  }

  function admit(): void {
    let free = cacheTokens - used() - running.reduce((sum, entry) => sum + entry.sequence.promptTokens - entry.promptDone, 0)
    while (running.length < maxSequences) {
      const next = waiting[0]
      // A prompt that would never fit is let in alone, so that it cannot block the queue for ever.
      if (next === undefined || (next.sequence.promptTokens + next.emitted >= free && running.length > 0)) return
      waiting.shift()
      free -= next.sequence.promptTokens + next.emitted + 1
      next.promptDone = Math.min(next.sequence.cachedTokens, next.sequence.promptTokens - 1)
      running.push(next)
      if (!next.started) next.sequence.onStart?.()
      next.started = true
    }
  }

  /** The youngest gives its cache back and starts over later, as vLLM preempts by recomputation. */
  function preempt(): void {
    while (used() + running.length > cacheTokens && running.length > 1) {
      const youngest = running.pop()
      if (youngest === undefined) return
      youngest.promptDone = 0
      waiting.unshift(youngest)
      preemptions += 1
    }
  }

  /** Decodes first, then fills the step with prompt chunks in order of arrival. */
  function planStep() {
    const decoding = running.filter((entry) => entry.promptDone >= entry.sequence.promptTokens)
    const chunks: { entry: Entry; tokens: number }[] = []
    let budget = maxBatchedTokens - decoding.length
    for (const entry of running) {
      const left = entry.sequence.promptTokens - entry.promptDone
      if (left <= 0) continue
      if (budget <= 0) break
      const tokens = Math.min(left, budget)
      chunks.push({ entry, tokens })
      budget -= tokens
    }
    const promptTokens = chunks.reduce((sum, { tokens }) => sum + tokens, 0)
    const context = chunks.reduce((sum, { entry }) => sum + entry.promptDone, 0)
    const { seconds } = step({
      promptTokens,
      prompts: chunks.length,
      promptContextTokens: chunks.length === 0 ? 0 : context / chunks.length,
      decodeSequences: decoding.length,
      decodeContextTokens: decoding.length === 0 ? 0 : decoding.reduce((sum, entry) => sum + cacheOf(entry), 0) / decoding.length,
    })
    return { decoding, chunks, seconds }
  }

  function emit(entry: Entry): void {
    if (entry.cancelled) return
    entry.emitted += 1
    entry.sequence.onToken(entry.emitted - 1)
    if (entry.emitted < entry.sequence.outputTokens) return
    remove(running, entry)
    entry.sequence.onEnd()
  }

  async function passTime(seconds: number): Promise<void> {
    const nowMs = clock.monotonicMs()
    if (timeScale === 0) {
      await immediately()
      return
    }
    dueMs = Math.max(dueMs, nowMs - lagLimitMs) + seconds * 1000 * timeScale
    // Timers count whole milliseconds; what is shorter is made up for by the next step.
    if (dueMs - nowMs >= 1) await clock.sleep(dueMs - nowMs, closing.signal)
    else await immediately()
  }

  async function run(): Promise<void> {
    dueMs = clock.monotonicMs()
    while (!closing.signal.aborted) {
      admit()
      if (running.length === 0) return
      preempt()
      const { decoding, chunks, seconds } = planStep()
      await passTime(seconds)
      for (const { entry, tokens } of chunks) {
        entry.promptDone += tokens
        if (entry.promptDone < entry.sequence.promptTokens) continue
        if (!entry.cancelled) entry.sequence.onPromptDone?.()
        // The step that finishes a prompt yields its first token; after a preemption the answer goes on where it was.
        emit(entry)
      }
      for (const entry of decoding) emit(entry)
    }
  }

  function start(): void {
    if (loop !== undefined || closing.signal.aborted) return
    loop = run()
      .catch((error: unknown) => {
        // Closing ends the wait of a step with an abort; anything else is a bug and must be seen.
        if (!closing.signal.aborted) throw error
      })
      .finally(() => {
        loop = undefined
        if (waiting.length > 0 && !closing.signal.aborted) start()
      })
  }

  return {
    submit: (sequence) => {
      const entry: Entry = { sequence, promptDone: 0, emitted: 0, started: false, cancelled: false }
      waiting.push(entry)
      start()
      return {
        [Symbol.dispose]: () => {
          entry.cancelled = true
          remove(waiting, entry)
          remove(running, entry)
        },
      }
    },
    state: () => ({ running: running.length, waiting: waiting.length, cacheTokensUsed: used(), preemptions }),
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      waiting.length = 0
      running.length = 0
      await loop
    },
  }
}
