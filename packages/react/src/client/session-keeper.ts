/** Keeps the browser's short-lived session alive: opens it, renews it before it ends, and says when a key is needed. */
import { BudClientError, isUnauthorized } from '../errors.ts'
import { limits } from '../limits.ts'
import type { BudClient } from './client.ts'
import { createValue, type Observable } from './observable.ts'
import type { Session } from './wire.ts'

export type SessionState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'active'; readonly session: Session }
  | { readonly kind: 'signed-out'; readonly error: BudClientError | undefined; readonly isBusy: boolean }
  /** The server could not be asked; `retry` tries again. */
  | { readonly kind: 'unreachable'; readonly error: BudClientError }

export interface SessionKeeper extends Observable<SessionState> {
  /** Opens the session, renews it from then on. Returns a function that ends timers and requests. */
  readonly start: () => () => void
  readonly signIn: (apiKey: string) => Promise<void>
  readonly retry: () => Promise<void>
}

export function createSessionKeeper(client: BudClient): SessionKeeper {
  const state = createValue<SessionState>({ kind: 'starting' })
  let running: AbortController | undefined
  let asking = false
  let cancelTimer = () => {}

  const plan = (session: Session) => {
    cancelTimer()
    const leftMs = session.expiresAtUnixMs - client.clock.nowMs()
    const delayMs = Math.max(leftMs * limits.sessionRenewShare, limits.sessionRenewMsMin)
    cancelTimer = client.clock.after(delayMs, () => void ask(undefined))
  }

  const ask = async (apiKey: string | undefined): Promise<void> => {
    const controller = running
    if (controller === undefined || asking) return
    asking = true
    cancelTimer()
    try {
      const session = await client.session({ apiKey, signal: controller.signal })
      if (running !== controller) return
      state.set({ kind: 'active', session })
      plan(session)
    } catch (cause) {
      if (running !== controller) return
      onFailure(cause, apiKey !== undefined)
    } finally {
      if (running === controller) asking = false
    }
  }

  const onFailure = (cause: unknown, isSignIn: boolean) => {
    const error =
      cause instanceof BudClientError
        ? cause
        : new BudClientError({ code: 'REACT_RESPONSE_INVALID', message: 'The session could not be opened.', cause })
    const previous = state.get()
    if (isSignIn || isUnauthorized(error) || error.status === 403) {
      state.set({ kind: 'signed-out', error: isSignIn ? error : undefined, isBusy: false })
    } else if (previous.kind === 'active' && previous.session.expiresAtUnixMs > client.clock.nowMs()) {
      // Still valid: a server that restarts must not take the page away.
      cancelTimer = client.clock.after(limits.sessionRenewMsMin, () => void ask(undefined))
    } else {
      state.set({ kind: 'unreachable', error })
      cancelTimer = client.clock.after(limits.sessionRenewMsMin, () => void ask(undefined))
    }
  }

  return {
    get: state.get,
    subscribe: state.subscribe,
    start() {
      const controller = new AbortController()
      running = controller
      asking = false
      const removeListener = client.onUnauthorized(() => {
        if (state.get().kind === 'active') void ask(undefined)
      })
      void ask(undefined)
      return () => {
        removeListener()
        cancelTimer()
        controller.abort()
        if (running === controller) running = undefined
      }
    },
    async signIn(apiKey) {
      state.set({ kind: 'signed-out', error: undefined, isBusy: true })
      await ask(apiKey)
    },
    async retry() {
      await ask(undefined)
    },
  }
}
