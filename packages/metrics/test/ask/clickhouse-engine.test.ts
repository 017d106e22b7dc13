/** The SQL against the plainest code: both engines answer random questions over random events alike. */
import type { RequestEvent } from '@bud-foundry/core'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { plainMeasureNames } from '../../src/ask/measures/registry.ts'
import { createMemoryReader } from '../../src/memory/memory-reader.ts'
import type { MetricsReader } from '../../src/ask/reader.ts'
import { everyProject } from '../../src/ask/scope.ts'
import { requestFields } from '../../src/table/request-table.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'
import { baseUnixMs, requestArbitrary } from '../support/request-arbitrary.ts'

let engine: TestEngine
let metrics: Metrics
let oracle: MetricsReader
const events: RequestEvent[] = []

beforeAll(async () => {
  engine = await openTestEngine()
  metrics = await createMetrics(engine)
  const sample = fc.sample(fc.array(requestArbitrary, { minLength: 300, maxLength: 400 }), { seed: 20_261_123, numRuns: 1 })[0] ?? []
  events.push(...sample, ...sample.slice(0, 40))
  // Small batches in two orders with overlaps: parts, late rows and repeats, as replays make them.
  for (let start = 0; start < events.length; start += 60) await metrics.store(events.slice(start, start + 80))
  await metrics.store(events.slice(0, 100).toReversed())
  oracle = createMemoryReader({ events })
})

afterAll(async () => {
  await metrics[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
})

/** Sums of money and means differ in the last bits, because they are added in another order. */
const round = (value: unknown): unknown => {
  if (typeof value === 'number') return Number(value.toPrecision(10))
  if (Array.isArray(value)) return value.map(round)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, round(field)]))
  return value
}

const subset = <Item>(items: readonly Item[], maxLength: number) => fc.uniqueArray(fc.constantFrom(...items), { maxLength })
const filters = fc.record(
  {
    projectId: subset(['alpha', 'beta', "it's \\ quoted", 'nobody'], 3).filter((list) => list.length > 0),
    model: fc.constantFrom('llama-3.1-8b', 'llama', 'nothing'),
    outcome: subset(['success', 'error', 'partial'], 2).filter((list) => list.length > 0),
    stream: fc.constantFrom('true', 'false'),
    status: fc.constantFrom('200', '429'),
    errorCode: fc.constantFrom('', 'GATEWAY_A'),
  },
  { requiredKeys: [] },
)
const period = fc
  .tuple(fc.integer({ min: -100_000, max: 700_000 }), fc.integer({ min: 1, max: 800_000 }))
  .map(([start, length]) => ({ fromUnixMs: baseUnixMs + start, toUnixMs: baseUnixMs + start + length }))
test('a series has the same points in SQL and in memory, also for requests that began before it', async () => {
  await fc.assert(
    fc.asyncProperty(period, fc.constantFrom(5, 13.5, 60), filters, async (ends, intervalSeconds, chosen) => {
      const query = { ...ends, intervalSeconds, filters: chosen, measures: plainMeasureNames }
      expect(round(await metrics.series(query))).toEqual(round(await oracle.series(query)))
    }),
    { numRuns: 12 },
  )
})

test('a summary has the same numbers in SQL and in memory', async () => {
  await fc.assert(
    fc.asyncProperty(period, subset(['model', 'targetId', 'projectId'] as const, 2), filters, async (ends, groupBy, chosen) => {
      const query = { ...ends, groupBy, filters: chosen }
      expect(round(await metrics.summary(query))).toEqual(round(await oracle.summary(query)))
    }),
    { numRuns: 5 },
  )
})

test('paging visits every stored event once, newest first, as it was written', async () => {
  const pages = async (reader: MetricsReader) => {
    const seen: RequestEvent[] = []
    let cursor: string | undefined
    do {
      const page = await reader.requests({ limit: 37, ...(cursor === undefined ? {} : { cursor }) })
      seen.push(...page.data)
      cursor = page.nextCursor
    } while (cursor !== undefined)
    return seen
  }
  const stored = await pages(metrics)
  expect(stored).toEqual(await pages(oracle))
  expect(stored).toHaveLength(new Set(events.map(({ id }) => id)).size)
})

test('a page of some fields has those, each as it was written, and no others', async () => {
  for (let start = 0; start < requestFields.length; start += 7) {
    const fields = requestFields.slice(start, start + 7)
    const query = { fields, limit: 60, search: start % 2 === 0 ? '' : 'a' }
    const page = await metrics.requests(query)
    expect(page).toEqual(await oracle.requests(query))
    const told = new Set(page.data.flatMap((event) => Object.keys(event)))
    expect([...told].filter((name) => !['id', 'kind', 'timeUnixMs', ...fields].includes(name))).toEqual([])
  }
  const issues = await metrics.requests({ fields: ['secrets' as never] }).catch((error: unknown) => String(error))
  expect(issues).toMatch(/unknown field "secrets"; valid are id, timeUnixMs, kind/)
})

test('one request is found by its id, whatever text that is, and only in scope', async () => {
  for (const event of events.slice(0, 30)) {
    expect(await metrics.request(event.id)).toEqual(event)
    const others = ['alpha', 'beta'].filter((id) => id !== event.projectId)
    expect(await metrics.scopedTo({ kind: 'projects', projectIds: others }).request(event.id)).toBeUndefined()
  }
  expect(await metrics.request('no such id')).toBeUndefined()
})

test('a scope is never widened: not by filters, not by a second scope, and an empty one sees nothing', async () => {
  const beta = metrics.scopedTo({ kind: 'projects', projectIds: ['beta'] })
  const period = { fromUnixMs: baseUnixMs, toUnixMs: baseUnixMs + 600_000 }
  const count = async (reader: MetricsReader) => (await reader.summary(period)).totals.requests
  expect(await count(beta)).toBe(
    new Set(events.filter(({ projectId, timeUnixMs }) => projectId === 'beta' && timeUnixMs < period.toUnixMs).map(({ id }) => id)).size,
  )
  expect(
    (await beta.requests({ filters: { projectId: ['alpha', 'beta'] }, limit: 1000 })).data.every(({ projectId }) => projectId === 'beta'),
  ).toBe(true)
  expect(await count(beta.scopedTo(everyProject))).toBe(await count(beta))
  expect(await count(beta.scopedTo({ kind: 'projects', projectIds: ['alpha'] }))).toBe(0)
  expect(await count(metrics.scopedTo({ kind: 'projects', projectIds: [] }))).toBe(0)
})
