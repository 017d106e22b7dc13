/** Inter-token latency is made of real gaps: from the single stream on virtual time to the event and the histogram. */
import { createFakeClock, createFakeTransport, type FakeStep } from '@bud-foundry/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { TokenGaps } from '../../src/dispatch/token-gaps.ts'
import { CollectingSink } from '../support/gateway.ts'
import { doneFrame, finishFrame, roleFrame, textFrame } from '../support/openai-answers.ts'
import { parsePrometheus } from '../support/prometheus.ts'

const play = (pieces: readonly (readonly [events: number, afterMs: number])[]): TokenGaps => {
  const gaps = new TokenGaps()
  let nowMs = 100
  for (const [events, afterMs] of pieces) {
    nowMs += afterMs
    gaps.note(events, nowMs)
  }
  return gaps
}

describe('the gaps of one stream', () => {
  it('are those between its pieces, and nothing between the events of one piece', () => {
    const gaps = play([
      [1, 50],
      [1, 20],
      [3, 40],
      [1, 20],
    ]) // 20, 40, 0, 0, 20
    expect(gaps).toMatchObject({ count: 5, together: 2, maxMs: 40, sumMs: 80 })
    expect(gaps.p50Ms).toBeGreaterThan(0)
    expect(gaps.p50Ms).toBeLessThanOrEqual(20)
  })

  it('are all nothing for a burst, and none for a single event', () => {
    expect(play([[50, 10]])).toMatchObject({ count: 49, p50Ms: 0, maxMs: 0 })
    expect(play([[1, 10]]).p50Ms).toBeUndefined()
  })

  it('have a median within the bucket of the true one, and the true maximum, sum and number', () => {
    const piece = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 40_000 }))
    fc.assert(
      fc.property(fc.array(piece, { minLength: 2, maxLength: 40 }), (pieces) => {
        const gaps = play(pieces)
        const real = pieces.flatMap(([events, afterMs], index) => [
          ...(index === 0 ? [] : [afterMs]),
          ...Array.from({ length: events - 1 }, () => 0),
        ])
        const sorted = real.toSorted((left, right) => left - right)
        const median = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0
        expect(gaps).toMatchObject({ count: real.length, maxMs: Math.max(...real), sumMs: real.reduce((sum, gap) => sum + gap, 0) })
        // Neighbouring bounds are at most a factor of three apart, and the first is 1 ms.
        expect(gaps.p50Ms).toBeLessThanOrEqual(Math.max(1, median * 3))
        expect(gaps.p50Ms).toBeGreaterThanOrEqual(median <= 1 ? 0 : median / 3)
      }),
    )
  })
})

it('a stream’s event and the histogram show its gaps, not their mean', async () => {
  const clock = createFakeClock()
  const after = (durationMs: number, ...texts: readonly string[]): FakeStep[] => [
    { kind: 'wait', durationMs },
    { kind: 'chunk', bytes: texts.map((text) => textFrame(text)).join('') },
  ]
  const body: FakeStep[] = [
    { kind: 'chunk', bytes: roleFrame },
    ...after(300, 'a'),
    ...after(20, 'b'),
    ...after(20, 'c', 'd'),
    ...after(20, 'e'),
    ...after(2_000, 'f'),
    { kind: 'chunk', bytes: finishFrame + doneFrame },
  ]
  const transport = createFakeTransport({ clock, answer: () => ({ headers: { 'content-type': 'text/event-stream' }, body }) })
  const sink = new CollectingSink()
  const targets = [{ id: 't', provider: 'openai-compatible', baseUrl: 'http://engine/v1' }]
  await using gateway = createGateway({ auth: { kind: 'none' }, models: { m: { targets } } }, { clock, transport, sink })
  const request = { model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] }
  const response = await clock.run(
    gateway.fetch('http://gateway/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    }),
  )
  await clock.run(response.text())
  const [event] = await clock.run(sink.waitFor(1))
  expect(event).toMatchObject({ timeToFirstTokenMs: 300, interTokenMaxMs: 2_000 })
  // 20, 20, 0, 20, 2000: the median is 20, where the mean would be 412.
  expect(event?.interTokenP50Ms).toBeGreaterThan(15)
  expect(event?.interTokenP50Ms).toBeLessThanOrEqual(20)
  const samples = parsePrometheus(gateway.metricsText()).get('bud_gateway_inter_token_latency_seconds')?.samples ?? []
  const value = (name: string, le?: string) =>
    samples.find((sample) => sample.name.endsWith(name) && (le === undefined || sample.labels['le'] === le))?.value
  expect([value('_count'), value('_bucket', '0.001'), value('_bucket', '0.02'), value('_bucket', '1')]).toEqual([5, 1, 4, 4])
  expect(value('_sum')).toBeCloseTo(2.06)
})
