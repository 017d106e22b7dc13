/** One shared live connection: many views follow it, the first opens it and the last closes it. */
import type { RequestEvent } from '@bud-foundry/core'
import { limits } from '../limits.ts'
import type { BudClient } from './client.ts'
import type { LiveStatus, LiveSubscription } from './live-stream.ts'
import { createValue, type Observable } from './observable.ts'
import type { RequestStart } from './wire.ts'

export interface LiveState {
  readonly status: LiveStatus
  /** Under way now, newest first. */
  readonly inFlight: readonly RequestStart[]
  /** Finished since the feed was opened, newest first. */
  readonly finished: readonly RequestEvent[]
}

const closedState: LiveState = { status: 'closed', inFlight: [], finished: [] }

/** Following starts with the first listener and ends, a turn after, with the last. */
export function createLiveFeed(client: BudClient): Observable<LiveState> {
  const state = createValue<LiveState>(closedState)
  let subscription: LiveSubscription | undefined
  let followers = 0
  // What has arrived; listeners hear of the first at once, and of those right behind it together.
  let latest = closedState
  let cancelNotice: (() => void) | undefined

  const tell = () => {
    state.set(latest)
    cancelNotice = client.clock.after(limits.liveNotifyMs, () => {
      cancelNotice = undefined
      if (latest !== state.get()) tell()
    })
  }
  const update = (change: Partial<LiveState>) => {
    latest = { ...latest, ...change }
    if (cancelNotice === undefined) tell()
  }

  const open = () => {
    subscription = client.live({
      onStatus: (status) => {
        // What was under way when the connection broke may have ended unseen.
        latest = { ...latest, ...(status === 'open' ? { status, inFlight: [] } : { status }) }
        state.set(latest)
      },
      onRequestStart: (start) => {
        const oldestMs = client.clock.nowMs() - limits.liveInFlightMs
        const others = latest.inFlight.filter(({ id, timeUnixMs }) => id !== start.id && timeUnixMs > oldestMs)
        update({ inFlight: [start, ...others].slice(0, limits.liveInFlightMax) })
      },
      onRequest: (event) => {
        const { inFlight, finished } = latest
        update({
          inFlight: inFlight.filter(({ id }) => id !== event.id),
          finished: [event, ...finished.filter(({ id }) => id !== event.id)].slice(0, limits.liveRequestsMax),
        })
      },
    })
  }

  const closeIfUnused = () => {
    if (followers > 0) return
    subscription?.close()
    subscription = undefined
    cancelNotice?.()
    cancelNotice = undefined
    latest = closedState
    state.set(closedState)
  }

  return {
    get: state.get,
    subscribe(listener) {
      const remove = state.subscribe(listener)
      followers += 1
      if (subscription === undefined) open()
      let isActive = true
      return () => {
        if (!isActive) return
        isActive = false
        remove()
        followers -= 1
        // A turn later: StrictMode leaves and comes back at once, and must not reconnect for it.
        queueMicrotask(closeIfUnused)
      }
    },
  }
}
