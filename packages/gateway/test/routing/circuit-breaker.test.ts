/** The breaker's transitions, as examples and as a property over any sequence of signals. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { gatewayConfigSchema } from '../../src/index.ts'
import {
  breakerAllows,
  breakerNext,
  breakerWaitMs,
  closedBreaker,
  type BreakerSignal,
  type BreakerState,
} from '../../src/routing/circuit-breaker.ts'

const config = { ...gatewayConfigSchema.parse({ models: {} }).breaker, failures: 3, openMs: 100, openMaxMs: 300 }

const play = (signals: readonly BreakerSignal[], nowMs = 0): BreakerState =>
  signals.reduce((state, signal) => breakerNext(state, signal, config, nowMs), closedBreaker)

it('opens after consecutive failures only', () => {
  expect(play(['failure', 'failure', 'success', 'failure', 'failure']).kind).toBe('closed')
  expect(play(['failure', 'failure', 'failure'])).toEqual({ kind: 'open', untilMs: 100, openMs: 100 })
})

it('lets one probe through after its time, waits longer after each failed one, and closes after a good one', () => {
  let state = play(['failure', 'failure', 'failure'])
  expect(breakerAllows(state, 99)).toBe(false)
  expect(breakerWaitMs(state, 40)).toBe(60)
  expect(breakerAllows(state, 100)).toBe(true)
  state = breakerNext(state, 'attempt', config, 100)
  expect(breakerAllows(state, 100)).toBe(false)
  expect(breakerAllows(breakerNext(state, 'cancel', config, 100), 100)).toBe(true)
  state = breakerNext(state, 'failure', config, 100)
  expect(state).toEqual({ kind: 'open', untilMs: 300, openMs: 200 })
  state = breakerNext(breakerNext(state, 'attempt', config, 300), 'failure', config, 300)
  expect(state).toEqual({ kind: 'open', untilMs: 600, openMs: 300 })
  expect(breakerNext(breakerNext(state, 'attempt', config, 600), 'success', config, 600)).toEqual(closedBreaker)
})

it('is never stuck: whatever happened, it allows a request after the longest pause or once its probe ends', () => {
  const signals = fc.array(fc.constantFrom<BreakerSignal>('attempt', 'success', 'failure', 'cancel'), { maxLength: 50 })
  fc.assert(
    fc.property(signals, (sequence) => {
      let nowMs = 0
      let state: BreakerState = closedBreaker
      for (const signal of sequence) {
        nowMs += 10
        state = breakerNext(state, signal, config, nowMs)
      }
      const ended = breakerNext(state, 'cancel', config, nowMs)
      expect(breakerAllows(ended, nowMs + config.openMaxMs)).toBe(true)
    }),
  )
})
