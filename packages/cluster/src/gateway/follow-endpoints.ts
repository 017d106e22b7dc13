/** The endpoints of a cluster as a set that keeps itself up to date, for a gateway that routes to them. */
import { coreErrors, type Clock } from '@bud-foundry/core'
import type { KubernetesApi } from '../kubernetes/kubernetes-api.ts'
import { watchRetryMs } from '../limits.ts'
import { watchEndpoints, type DeployedEndpoint } from './endpoints.ts'

export interface FollowOptions {
  /** Not closed with what follows. */
  readonly api: KubernetesApi
  readonly clock: Clock
  /** All namespaces when absent. */
  readonly namespace?: string | undefined
  /** Gets all that take requests, one call after the other; changes that come faster are taken together. */
  readonly onChange: (endpoints: readonly DeployedEndpoint[]) => Promise<void> | void
  /** What went wrong with the cluster or in `onChange`; the set stays as it was, and is followed again. */
  readonly onError: (error: unknown) => void
}

export interface FollowedEndpoints extends AsyncDisposable {
  readonly current: () => readonly DeployedEndpoint[]
  /** Resolves when `onChange` has got a set that fulfils the condition. @throws CORE_ABORTED */
  until(condition: (endpoints: readonly DeployedEndpoint[]) => boolean, signal: AbortSignal): Promise<void>
}

class Follower implements FollowedEndpoints {
  readonly #options: FollowOptions
  readonly #known = new Map<string, DeployedEndpoint>()
  readonly #ending = new AbortController()
  readonly #waiting = new Set<() => void>()
  readonly #following: Promise<void>
  #told: readonly DeployedEndpoint[] = []
  #telling: Promise<void> | undefined
  #isStale = false

  constructor(options: FollowOptions) {
    this.#options = options
    this.#following = this.#follow()
  }

  readonly current = (): readonly DeployedEndpoint[] => [...this.#known.values()]

  async until(condition: (endpoints: readonly DeployedEndpoint[]) => boolean, signal: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([signal, this.#ending.signal])
    while (!condition(this.#told)) {
      if (ended.aborted) throw coreErrors.ABORTED({ what: 'waiting for endpoints' }, { cause: ended.reason })
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake)
          ended.removeEventListener('abort', wake)
          resolve()
        }
        this.#waiting.add(wake)
        ended.addEventListener('abort', wake, { once: true })
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort()
    await this.#following
    await this.#telling
  }

  /** A watch that fails for good, for want of rights say, is begun anew: they may be granted. What it knew stays until it knows better. */
  async #follow(): Promise<void> {
    const { clock, onError } = this.#options
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        await this.#watch(signal)
      } catch (error) {
        if (signal.aborted) return
        onError(error)
        await clock.sleep(watchRetryMs.last, signal).catch(() => undefined)
      }
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { api, clock, namespace } = this.#options
    for await (const { type, endpoint } of watchEndpoints({ api, clock, namespace, told: this.current() }, signal)) {
      if (type === 'vanished') this.#known.delete(endpoint.id)
      else this.#known.set(endpoint.id, endpoint)
      this.#isStale = true
      this.#telling ??= this.#tell()
    }
  }

  async #tell(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false
      const endpoints = this.current()
      try {
        await this.#options.onChange(endpoints)
        this.#told = endpoints
        for (const wake of [...this.#waiting]) wake()
      } catch (error) {
        this.#options.onError(error)
      }
    }
    this.#telling = undefined
  }
}

/** Follows until it is disposed. */
export const followEndpoints = (options: FollowOptions): FollowedEndpoints => new Follower(options)
