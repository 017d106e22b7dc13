/** Runs planned answers through the scheduler and reports tokens as they fall due, with faults applied. */
import type { Clock } from '@bud-foundry/core'
import type { EngineTiming } from '../cost/engine-timing.ts'
import type { AnswerPlan } from './answer-plan.ts'
import type { BatchScheduler } from './batch-scheduler.ts'
import type { Fault } from './fault.ts'
import type { PrefixCache } from './prefix-cache.ts'
import type { TwinMetrics } from './twin-metrics.ts'

export interface AnswerEvents {
  onPiece(choice: number, piece: string): void
  onFinish(choice: number): void
  /** All choices are complete. */
  onDone(usage: AnswerUsage): void
  /** A planned reset of the connection is due. */
  onReset(): void
}

export interface AnswerUsage {
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly completionTokens: number
}

export interface AnswerServices {
  readonly clock: Clock
  readonly scheduler: BatchScheduler
  readonly cache: PrefixCache | undefined
  readonly metrics: TwinMetrics
  readonly timing: EngineTiming
  readonly timeScale: number
}

/**
 * Starts the answers of one request; disposing stops them, counting an unfinished one as aborted.
 * Each prompt is counted once, however many choices it has, because the choices share its cache.
 */
export function runAnswers(
  services: AnswerServices,
  plans: readonly AnswerPlan[],
  fault: Fault | undefined,
  events: AnswerEvents,
): Disposable {
  const { clock, scheduler, cache, metrics, timing, timeScale } = services
  const startMs = clock.monotonicMs()
  const held: Disposable[] = []
  const usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 }
  let open = plans.length
  let tokens = 0
  let ended = false

  /** A slow request's tokens come later than they are due, the more the longer it runs. */
  const deliver = (action: () => void) => {
    if (fault?.kind !== 'slow') {
      action()
      return
    }
    const elapsedMs = clock.monotonicMs() - startMs
    held.push(clock.schedule(elapsedMs * (fault.factor - 1), action))
  }
  const isCut = () => (fault?.kind === 'stall' || fault?.kind === 'reset') && tokens >= fault.afterTokens
  const reset = () => {
    ended = true
    metrics.observeRequest((clock.monotonicMs() - startMs) / 1000, 'abort')
    events.onReset()
  }
  /** True when nothing may be sent any more; a reset is carried out here. */
  const cutShort = (): boolean => {
    if (ended) return true
    if (!isCut()) return false
    if (fault?.kind === 'reset') reset()
    return true
  }

  function submit(plan: AnswerPlan, choice: number): void {
    const cachedTokens = cache?.match(plan.promptTokens) ?? 0
    const firstOfPrompt = plans.findIndex((other) => other.promptTokens === plan.promptTokens) === choice
    if (firstOfPrompt) {
      usage.promptTokens += plan.promptTokens.length
      usage.cachedTokens += cachedTokens
      metrics.addPrompt(plan.promptTokens.length, cachedTokens)
    }
    let lastMs = 0
    const onToken = (index: number) => {
      const nowMs = clock.monotonicMs()
      if (index === 0) metrics.observeFirstToken((nowMs - startMs) / 1000)
      else metrics.observeTokenGap((nowMs - lastMs) / 1000)
      lastMs = nowMs
      metrics.addGenerated(1)
      usage.completionTokens += 1
      deliver(() => {
        if (cutShort()) return
        tokens += 1
        const piece = plan.pieces[index] ?? ''
        if (piece !== '') events.onPiece(choice, piece)
      })
    }
    const onEnd = () => {
      deliver(() => {
        if (cutShort()) return
        metrics.observeRequest((clock.monotonicMs() - startMs) / 1000, plan.finish === 'length' ? 'length' : 'stop')
        events.onFinish(choice)
        open -= 1
        if (open > 0) return
        ended = true
        events.onDone(usage)
      })
    }
    held.push(
      scheduler.submit({
        promptTokens: plan.promptTokens.length,
        cachedTokens,
        outputTokens: plan.outputTokens,
        onPromptDone: () => cache?.add(plan.promptTokens),
        onToken,
        onEnd,
      }),
    )
  }

  const start = () => {
    if (fault?.kind === 'reset' && fault.afterTokens === 0) {
      reset()
      return
    }
    for (const [choice, plan] of plans.entries()) submit(plan, choice)
  }
  const intakeMs = (timing.requestSeconds + timing.promptTokenSeconds * (plans[0]?.promptTokens.length ?? 0)) * 1000 * timeScale
  if (intakeMs < 1) start()
  else held.push(clock.schedule(intakeMs, start))
  return {
    [Symbol.dispose]: () => {
      if (!ended) metrics.observeRequest((clock.monotonicMs() - startMs) / 1000, 'abort')
      ended = true
      for (const item of held) item[Symbol.dispose]()
    },
  }
}
