/** Tells listeners in this process what happens, as it happens. */
import type { RequestEvent } from '@bud-foundry/core'
import { invariant } from '@bud-foundry/core'
import { eventListeners } from '../limits.ts'

/** A request was admitted and is on its way; its RequestEvent follows with the same id. */
export interface RequestStartEvent {
  readonly kind: 'request-start'
  readonly id: string
  readonly timeUnixMs: number
  readonly traceId: string
  readonly projectId: string
  readonly keyId: string | undefined
  readonly operation: RequestEvent['operation']
  readonly dialect: string
  readonly stream: boolean
  readonly requestedModel: string
}

export type GatewayEvent = RequestStartEvent | RequestEvent
export type GatewayEventListener = (event: GatewayEvent) => void

export class LiveEvents {
  readonly #listeners = new Set<GatewayEventListener>()
  readonly #onFailure: (error: unknown) => void

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0
  }

  add(listener: GatewayEventListener): Disposable {
    invariant(this.#listeners.size < eventListeners, `no more than ${String(eventListeners)} listeners of gateway events`)
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  emit(event: GatewayEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        // A listener's fault must not become the request's.
        this.#onFailure(error)
      }
    }
  }
}
