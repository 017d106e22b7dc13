/** A circuit breaker as a pure transition function, and the small holder that a target keeps. */
import type { BreakerConfig } from '../config.ts'

export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly untilMs: number; readonly openMs: number }
  /** One probe may pass; the others wait for its result. */
  | { readonly kind: 'half-open'; readonly probing: boolean; readonly openMs: number }

/** `attempt`: a request is about to be sent. `cancel`: it ended without saying anything about the target. */
export type BreakerSignal = 'attempt' | 'success' | 'failure' | 'cancel'

export const closedBreaker: BreakerState = { kind: 'closed', failures: 0 }

/** Whether a request may be sent now. */
export function breakerAllows(state: BreakerState, nowMs: number): boolean {
  if (state.kind === 'closed') return true
  return state.kind === 'open' ? nowMs >= state.untilMs : !state.probing
}

/** Time until a request may be sent again, 0 when it may now. */
export const breakerWaitMs = (state: BreakerState, nowMs: number): number =>
  state.kind === 'open' ? Math.max(0, state.untilMs - nowMs) : 0

function onFailure(state: BreakerState, config: BreakerConfig, nowMs: number): BreakerState {
  switch (state.kind) {
    case 'closed': {
      const failures = state.failures + 1
      return failures < config.failures
        ? { kind: 'closed', failures }
        : { kind: 'open', untilMs: nowMs + config.openMs, openMs: config.openMs }
    }
    case 'half-open': {
      const openMs = Math.min(state.openMs * 2, config.openMaxMs)
      return { kind: 'open', untilMs: nowMs + openMs, openMs }
    }
    case 'open':
      // A request that was sent before the breaker opened failed late: no news.
      return state
  }
}

/** The state after a signal. */
export function breakerNext(state: BreakerState, signal: BreakerSignal, config: BreakerConfig, nowMs: number): BreakerState {
  switch (signal) {
    case 'attempt':
      return state.kind === 'closed' ? state : { kind: 'half-open', probing: true, openMs: state.openMs }
    case 'success':
      return state.kind === 'closed' && state.failures === 0 ? state : closedBreaker
    case 'failure':
      return onFailure(state, config, nowMs)
    case 'cancel':
      return state.kind === 'half-open' ? { ...state, probing: false } : state
  }
}
