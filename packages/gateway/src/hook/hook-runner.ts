/** Runs hooks within their time box, and follows their policy when they fail. */
import type { BudError, Clock, Logger } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'
import { isPromise, type Awaitable } from '../governance/after.ts'
import type { GatewayMetrics } from '../telemetry/gateway-metrics.ts'
import type { HookFunctions, HookName, Hooks, HookWithLimits } from './hooks.ts'

const defaultBudgetMs = 1_000
const failures = { name: 'bud_gateway_hook_failures_total', help: 'Hooks that threw or took too long, by hook and fail policy.' }

export interface HookRunnerParts {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: GatewayMetrics
}

/** How one hook went. */
export type HookResult<Value> =
  { readonly kind: 'done'; readonly value: Value } | { readonly kind: 'failed'; readonly error: BudError | undefined }

export class HookRunner implements AsyncDisposable {
  readonly #hooks: Hooks
  readonly #parts: HookRunnerParts
  /** Hooks that nobody waits for. */
  readonly #background = new Set<Promise<unknown>>()

  constructor(hooks: Hooks, parts: HookRunnerParts) {
    this.#hooks = hooks
    this.#parts = parts
  }

  has(name: HookName): boolean {
    return this.#hooks[name] !== undefined
  }

  function<Name extends HookName>(name: Name): HookFunctions[Name] | undefined {
    return this.#limits(name)?.run
  }

  /** Whether a failure of this hook ends the call. */
  isClosed(name: HookName): boolean {
    return (this.#limits(name)?.failPolicy ?? this.#hooks.failPolicy ?? 'closed') === 'closed'
  }

  /** Never throws and never rejects; a promise only where the hook gives one. */
  run<Value>(name: HookName, act: (signal: AbortSignal) => Awaitable<Value>): Awaitable<HookResult<Value>> {
    const budgetMs = this.#limits(name)?.budgetMs ?? this.#hooks.budgetMs ?? defaultBudgetMs
    const stop = new AbortController()
    const startMs = this.#parts.clock.monotonicMs()
    try {
      const value = act(stop.signal)
      if (isPromise(value)) return this.#wait(name, value, { budgetMs, stop })
      const tookMs = this.#parts.clock.monotonicMs() - startMs
      return tookMs > budgetMs ? this.#failed(name, tooLong(budgetMs)) : { kind: 'done', value }
    } catch (error) {
      return this.#failed(name, error)
    }
  }

  /** Runs a hook that nobody waits for; `onFailure` hears of one that ends the call. */
  notify(name: HookName, act: (signal: AbortSignal) => Awaitable<void>, onFailure?: (error: BudError) => void): void {
    const settle = (result: HookResult<void>) => {
      if (result.kind === 'failed' && result.error !== undefined) onFailure?.(result.error)
    }
    const result = this.run(name, act)
    if (!isPromise(result)) {
      settle(result)
      return
    }
    const running = result.then(settle).finally(() => this.#background.delete(running))
    this.#background.add(running)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#background)
  }

  async #wait<Value>(
    name: HookName,
    value: Promise<Value>,
    { budgetMs, stop }: { readonly budgetMs: number; readonly stop: AbortController },
  ): Promise<HookResult<Value>> {
    const over = new AbortController()
    // A sleep, and no timer: where nothing else is to be done the process must wait for the call that waits for this hook.
    const late = this.#parts.clock.sleep(budgetMs, over.signal).then((): never => {
      const error = tooLong(budgetMs)
      stop.abort(error)
      throw error
    })
    try {
      return { kind: 'done', value: await Promise.race([value, late]) }
    } catch (error) {
      return this.#failed(name, error)
    } finally {
      late.catch(() => undefined)
      over.abort()
    }
  }

  #failed(name: HookName, cause: unknown): { readonly kind: 'failed'; readonly error: BudError | undefined } {
    const isClosed = this.isClosed(name)
    this.#parts.metrics.count(failures, { hook: name, fail_policy: isClosed ? 'closed' : 'open' })
    this.#parts.logger.error('a hook failed', { hook: name, error: cause })
    return { kind: 'failed', error: isClosed ? gatewayErrors.HOOK_FAILED({ hook: name }, { cause }) : undefined }
  }

  #limits<Name extends HookName>(name: Name): HookWithLimits<HookFunctions[Name]> | undefined {
    // The compiler does not follow a mapped type through its key; this is the entry of that very key.
    const hook = this.#hooks[name] as HookFunctions[Name] | HookWithLimits<HookFunctions[Name]> | undefined
    return typeof hook === 'function' ? { run: hook } : hook
  }
}

const tooLong = (budgetMs: number): Error => new Error(`it took longer than its budget of ${String(budgetMs)} ms`)
