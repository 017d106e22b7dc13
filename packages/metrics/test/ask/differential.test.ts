/** Rollups, raw rows and the plainest code answer random questions alike, with nulls, repeats, late rows, and edges of time zones. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { createMemoryReader } from '../../src/memory/memory-reader.ts'
import type { MetricsReader } from '../../src/ask/reader.ts'
import type { StoredRequest } from '../../src/table/request-details.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'
import { distributionArbitrary, questionArbitrary, roundAnswer, sampleEvents } from '../support/question-arbitrary.ts'

let engine: TestEngine
let metrics: Metrics
let oracle: MetricsReader
const events: StoredRequest[] = []

beforeAll(async () => {
  engine = await openTestEngine()
  metrics = await createMetrics(engine)
  events.push(...sampleEvents())
  for (let start = 0; start < events.length; start += 90) await metrics.store(events.slice(start, start + 120))
  await metrics.store(events.slice(0, 100).toReversed())
  oracle = createMemoryReader({ events })
})

afterAll(async () => {
  await metrics[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
})

test('rollups, raw rows and memory answer alike', async () => {
  await fc.assert(
    fc.asyncProperty(questionArbitrary, async (asked) => {
      const expected = roundAnswer(await oracle.ask(asked))
      expect(roundAnswer(await metrics.ask(asked))).toEqual(expected)
      for (const from of ['raw', 'rollup'] as const) expect(roundAnswer(await metrics.ask({ ...asked, from }))).toEqual(expected)
    }),
    { numRuns: 16 },
  )
})

test('a distribution is the same in SQL and in memory, and counts every request that has the value once', async () => {
  await fc.assert(
    fc.asyncProperty(distributionArbitrary, async (asked) => {
      expect(roundAnswer(await metrics.distribution(asked))).toEqual(roundAnswer(await oracle.distribution(asked)))
    }),
    { numRuns: 8 },
  )
})

test('questions asked together have the answers that they have alone', async () => {
  const many = fc.array(questionArbitrary, { minLength: 2, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(many, async (questions) => {
      const asked = questions.flatMap((one) => [one, { ...one, measure: ['requests', 'costUsd'] as const }])
      const together = await metrics.askMany(asked)
      const alone = await Promise.all(asked.map((one) => metrics.ask(one)))
      expect(together).toEqual(alone)
    }),
    { numRuns: 5 },
  )
})

test('no question sees a row of another project', async () => {
  const projectIds = ['beta']
  const narrow = metrics.scopedTo({ kind: 'projects', projectIds })
  const alone = createMemoryReader({ events: events.filter(({ projectId }) => projectIds.includes(projectId)) })
  await fc.assert(
    fc.asyncProperty(questionArbitrary, async (asked) => {
      expect(roundAnswer(await narrow.ask(asked))).toEqual(roundAnswer(await alone.ask(asked)))
    }),
    { numRuns: 10 },
  )
})
