/** The metrics of several processes as one: sums of what counts, means of what is a state, and no sum that falls when a process ends. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mergeMetrics, retireMetrics } from '../../src/telemetry/merge-metrics.ts'
import { parsePrometheus } from '../support/prometheus.ts'

/** A process that has seen requests with these durations in seconds, has `inFlight` of them, and judges its target. */
function textOf(process: { readonly seconds: readonly number[]; readonly inFlight?: number; readonly healthy?: boolean }): string {
  const { seconds, inFlight = 0, healthy = true } = process
  const below = (bound: number) => String(seconds.filter((second) => second <= bound).length)
  const sum = seconds.reduce((total, second) => total + second, 0)
  return `# HELP r_total Requests.
# TYPE r_total counter
r_total{model="a b"} ${String(seconds.length)}
# HELP d_seconds Durations.
# TYPE d_seconds histogram
d_seconds_bucket{le="1"} ${below(1)}
d_seconds_bucket{le="+Inf"} ${String(seconds.length)}
d_seconds_sum ${String(sum)}
d_seconds_count ${String(seconds.length)}
# HELP f In flight.
# TYPE f gauge
f ${String(inFlight)}
# HELP bud_gateway_target_healthy Healthy.
# TYPE bud_gateway_target_healthy gauge
bud_gateway_target_healthy{target="t"} ${healthy ? '1' : '0'}
`
}

const valueOf = (text: string, family: string, sample = family) =>
  parsePrometheus(text)
    .get(family)
    ?.samples.filter(({ name }) => name === sample)
    .map(({ value }) => value)

it('sums counters, histograms and amounts, and takes the mean of states', () => {
  const joint = mergeMetrics([textOf({ seconds: [0.5, 2], inFlight: 3 }), textOf({ seconds: [0.25], inFlight: 1, healthy: false })])
  expect(valueOf(joint, 'r_total')).toEqual([3])
  expect(valueOf(joint, 'd_seconds', 'd_seconds_bucket')).toEqual([2, 3])
  expect(valueOf(joint, 'd_seconds', 'd_seconds_sum')).toEqual([2.75])
  expect(valueOf(joint, 'f')).toEqual([4])
  expect(valueOf(joint, 'bud_gateway_target_healthy')).toEqual([0.5])
})

it('keeps a series that only one process has', () => {
  const other = textOf({ seconds: [1] }).replace('a b', 'other')
  expect(valueOf(mergeMetrics([textOf({ seconds: [1, 1] }), other]), 'r_total')).toEqual([2, 1])
})

it('is the text itself for one process', () => {
  const text = textOf({ seconds: [0.5, 2], inFlight: 2 })
  expect(mergeMetrics([text])).toBe(text)
  expect(mergeMetrics([])).toBe('')
})

it('never lets a counter fall when a process ends, and forgets its gauges', () => {
  const process = fc.record({ seconds: fc.array(fc.double({ min: 0, max: 5, noNaN: true })), inFlight: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(process, { minLength: 1, maxLength: 5 }), fc.nat(), (processes, pick) => {
      const texts = processes.map(textOf)
      const before = valueOf(mergeMetrics(texts), 'r_total')
      const ending = pick % texts.length
      const retired = retireMetrics('', texts[ending] ?? '')
      const after = mergeMetrics(
        texts.filter((_text, index) => index !== ending),
        retired,
      )
      expect(valueOf(after, 'r_total')).toEqual(before)
      expect(valueOf(after, 'd_seconds', 'd_seconds_count')).toEqual(before)
      const inFlight = processes.reduce((sum, each, index) => (index === ending ? sum : sum + each.inFlight), 0)
      expect(valueOf(after, 'f') ?? [0]).toEqual(processes.length === 1 ? [0] : [inFlight])
    }),
  )
})
