/** One operation as a stream of progress: it runs while it is read, and stops when the reader leaves. */
import { createBoundedQueue, isBudError, type BudError, type BoundedQueue } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import { progressMax } from '../limits.ts'
import type { ClusterProgress } from './change-set.ts'

export type StepId = ClusterProgress['step']

/** Tells of the work that is done. */
export interface Reporter {
  /** Runs a part of the work between `started` and `done` or `failed`. */
  track<Value>(step: StepId, resource: string, work: () => Promise<Value>): Promise<Value>
  progress(step: StepId, resource: string, message: string): void
}

/** Parts with the seconds that each usually takes, for the remaining time. */
export interface Outline {
  readonly parts: number
  readonly secondsOf: (step: StepId) => number
  readonly totalSeconds: number
}

function createReporter(queue: BoundedQueue<ClusterProgress>, outline: Outline): Reporter {
  let done = 0
  let remainingSeconds = outline.totalSeconds
  const push = (event: Pick<ClusterProgress, 'step' | 'resource' | 'state'> & { readonly error?: BudError; readonly message?: string }) => {
    const { error, ...rest } = event
    queue.offer({ ...rest, done, total: outline.parts, etaSeconds: Math.max(0, Math.round(remainingSeconds)), error })
  }
  return {
    async track(step, resource, work) {
      push({ step, resource, state: 'started' })
      try {
        const value = await work()
        done += 1
        remainingSeconds -= outline.secondsOf(step)
        push({ step, resource, state: 'done' })
        return value
      } catch (error) {
        const failure = isBudError(error)
          ? error
          : clusterErrors.KUBERNETES_FAILED({ what: step, problem: 'unexpected failure' }, { cause: error })
        push({ step, resource, state: 'failed', error: failure })
        throw error
      }
    },
    progress: (step, resource, message) => {
      push({ step, resource, state: 'progress', message })
    },
  }
}

/** Starts with the first read; leaving the loop aborts the work and waits for it to stop. The failure of the work is thrown to the reader. */
export async function* streamOperation(
  outline: Outline,
  signal: AbortSignal,
  work: (reporter: Reporter, signal: AbortSignal) => Promise<void>,
): AsyncIterable<ClusterProgress> {
  const queue = createBoundedQueue<ClusterProgress>({ what: 'progress', limit: progressMax, overflow: 'drop-oldest' })
  const leaving = new AbortController()
  const outcome = work(createReporter(queue, outline), AbortSignal.any([signal, leaving.signal])).then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  void outcome.then(() => {
    queue[Symbol.dispose]()
  })
  try {
    for (;;) {
      const event = await queue.take(leaving.signal)
      if (event === undefined) break
      yield event
    }
    const failed = await outcome
    if (failed !== undefined) throw failed.error
  } finally {
    leaving.abort()
    await outcome
  }
}
