/** Asks targets in the background whether they are well, so that no request has to find out. */
import type { Clock, Transport } from '@bud-foundry/core'
import type { HealthCheckConfig } from '../config.ts'
import type { Snapshot } from './snapshot.ts'
import type { TargetHealth } from './target-health.ts'

interface Watch {
  readonly url: URL
  readonly config: HealthCheckConfig
  readonly health: TargetHealth
}

const watchesOf = (snapshot: Snapshot): readonly Watch[] => {
  const watches = new Map<TargetHealth, Watch>()
  for (const entry of snapshot.models.values()) {
    if (entry.healthCheck === undefined) continue
    for (const state of entry.targets) {
      const url = new URL(entry.healthCheck.path, state.target.baseUrl)
      watches.set(state.health, { url, config: entry.healthCheck, health: state.health })
    }
  }
  return [...watches.values()]
}

class Checker implements Disposable {
  readonly #watch: Watch
  readonly #parts: { readonly transport: Transport; readonly clock: Clock }
  #timer: Disposable | undefined
  /** Positive: successes in a row; negative: failures in a row. */
  #streak = 0
  #stopped = false

  constructor(watch: Watch, parts: { readonly transport: Transport; readonly clock: Clock }) {
    this.#watch = watch
    this.#parts = parts
    this.#check()
  }

  [Symbol.dispose](): void {
    this.#stopped = true
    this.#timer?.[Symbol.dispose]()
  }

  #check(): void {
    const { url, config } = this.#watch
    let settled = false
    const settle = (ok: boolean): void => {
      if (settled) return
      settled = true
      timeout[Symbol.dispose]()
      this.#record(ok)
    }
    const call = this.#parts.transport.dispatch(
      { url, method: 'GET', headers: { accept: '*/*' }, body: undefined },
      {
        onHeaders: (status) => {
          settle(status >= 200 && status < 300)
        },
        onData: () => true,
        onEnd: () => {
          settle(false)
        },
        onError: () => {
          settle(false)
        },
      },
    )
    const timeout = this.#parts.clock.schedule(config.timeoutMs, () => {
      settle(false)
      call.abort(new Error('the health check took too long'))
    })
  }

  #record(ok: boolean): void {
    if (this.#stopped) return
    const { health, config } = this.#watch
    this.#streak = ok ? Math.max(0, this.#streak) + 1 : Math.min(0, this.#streak) - 1
    if (this.#streak >= config.healthyAfter) health.checkedHealthy = true
    if (-this.#streak >= config.unhealthyAfter) health.checkedHealthy = false
    this.#timer = this.#parts.clock.schedule(config.intervalMs, () => {
      this.#check()
    })
  }
}

/** Starts checking every target whose model asks for it, at once and then at its interval. */
export function startHealthChecks(snapshot: Snapshot, parts: { readonly transport: Transport; readonly clock: Clock }): Disposable {
  const checkers = watchesOf(snapshot).map((watch) => new Checker(watch, parts))
  return {
    [Symbol.dispose]: () => {
      for (const checker of checkers) checker[Symbol.dispose]()
    },
  }
}
