/** Delivery on the real engine: each event once, in the table of its kind, whatever happens to its batch. */
import { deploymentEventSchema, deviceEventSchema, type BudEvent } from '@bud-foundry/core'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AnalyticsClient } from '../../src/client/analytics-client.ts'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { metricsErrors } from '../../src/errors.ts'
import { metricsLimits } from '../../src/limits.ts'
import { deliverEvents } from '../../src/sink/deliver.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'
import { baseUnixMs, makeRequest, requestArbitrary } from '../support/request-arbitrary.ts'

let engine: TestEngine
let metrics: Metrics

beforeAll(async () => {
  engine = await openTestEngine()
  metrics = await createMetrics(engine)
})

afterAll(async () => {
  await metrics[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
})

const ask = (sql: string) => engine.client.query({ what: 'testing', sql })

test('what was stored comes back as it was sent, duplicates in and between batches once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(requestArbitrary, { minLength: 1, maxLength: 12 }), async (events) => {
      const unique = [...new Map(events.toReversed().map((event) => [event.id, event])).values()].filter(
        (event) => !events.some((other) => other !== event && other.id === event.id),
      )
      await metrics.store(unique)
      await metrics.store([...unique, ...unique])
      for (const event of unique) expect(await metrics.request(event.id)).toEqual(event)
    }),
    { numRuns: 5 },
  )
  const [counts] = await ask('SELECT count() AS stored, uniqExact(id) AS distinct FROM requests')
  expect(counts).toMatchObject({ stored: expect.any(Number) as number })
  // Safe: the row above has both numbers.
  const { stored, distinct } = counts as { stored: number; distinct: number }
  expect(stored).toBe(distinct)
})

test('a batch over several months and kinds is stored once, however often and in whatever pieces it is repeated', async () => {
  const day = 86_400_000
  const batch: BudEvent[] = Array.from({ length: 90 }, (_, index) =>
    makeRequest({ id: `months-${String(index)}`, timeUnixMs: baseUnixMs - index * day }),
  )
  batch.push(
    deviceEventSchema.parse({
      id: 'sample-1',
      kind: 'device-sample',
      timeUnixMs: baseUnixMs,
      clusterName: 'c',
      nodeName: 'n',
      deviceId: 'd',
      hardwareId: 'h100',
      utilisation: 0.5,
      memoryUsedBytes: 8e10,
    }),
    deploymentEventSchema.parse({
      id: 'step-1',
      kind: 'deployment-step',
      timeUnixMs: baseUnixMs,
      operationId: 'o',
      deploymentName: 'llama',
      step: 'apply',
      state: 'done',
    }),
  )
  expect(await metrics.store(batch.slice(0, 40))).toEqual({ stored: 40, known: 0 })
  expect(await metrics.store(batch)).toEqual({ stored: 52, known: 40 })
  expect(await metrics.store(batch.toReversed())).toEqual({ stored: 0, known: 92 })
  expect(await ask("SELECT count() AS rows FROM requests WHERE startsWith(id_text, 'months-')")).toEqual([{ rows: 90 }])
  expect(await ask('SELECT utilisation, memory_used_bytes, power_watts FROM device_samples')).toEqual([
    { utilisation: 0.5, memory_used_bytes: 8e10, power_watts: null },
  ])
  expect(await ask('SELECT deployment_name, state, error_code FROM deployment_steps')).toEqual([
    { deployment_name: 'llama', state: 'done', error_code: '' },
  ])
})

test('an insert whose answer got lost does no harm when it is repeated', async () => {
  let lose = true
  const flaky: AnalyticsClient = {
    ...engine.client,
    async command(statement) {
      await engine.client.command(statement)
      if (!lose || !statement.sql.startsWith('INSERT INTO requests (')) return
      lose = false
      throw metricsErrors.DATABASE_UNAVAILABLE({ what: 'inserting', reason: 'the connection broke' })
    },
  }
  const batch = [makeRequest({ id: 'lost-answer' })]
  const error = await deliverEvents(flaky, batch).catch((cause: unknown) => cause)
  expect(metricsErrors.DATABASE_UNAVAILABLE.is(error)).toBe(true)
  expect(await deliverEvents(flaky, batch)).toEqual({ stored: 0, known: 1 })
})

test('the same block sent twice at once is stored once', async () => {
  const columns = ['project_id', 'time', 'id', 'id_text', 'outcome']
  const lines = [JSON.stringify(['alpha', '1790000000', '00000000-0000-4000-8000-000000000001', 'raced', 'success'])]
  const insert = { table: 'requests', columns, lines, token: 'raced' }
  await Promise.all([engine.client.insert(insert), engine.client.insert(insert)])
  expect(await ask("SELECT count() AS rows FROM requests WHERE id_text = 'raced'")).toEqual([{ rows: 1 }])
})

test('a request that lasted longer than a month is refused, for it would be in flight in every window', async () => {
  const error: unknown = await metrics.store([makeRequest({ id: 'endless', durationMs: 1e13 })]).catch((cause: unknown) => cause)
  expect(metricsErrors.EVENTS_INVALID.is(error) && error.details.events).toMatchObject([
    { id: 'endless', issues: [{ path: 'durationMs' }] },
  ])
})

test('numbers that a column cannot hold are refused and not made smaller', async () => {
  const wrong = [
    makeRequest({ id: 'dear', costUsd: 1e6 }),
    makeRequest({ id: 'slow', timeToFirstTokenMs: 1e300 }),
    makeRequest({ id: 'fine', costUsd: 999_999 }),
  ]
  const error: unknown = await metrics.store(wrong).catch((cause: unknown) => cause)
  expect(metricsErrors.EVENTS_INVALID.is(error) && error.details.events.map(({ id }) => id)).toEqual(['dear', 'slow'])
  await metrics.store(wrong.slice(2))
  expect(await metrics.request('fine')).toMatchObject({ costUsd: 999_999 })
})

test('times that lie in a hundred months hold up nothing', async () => {
  const month = 31 * 86_400_000
  const batch = Array.from({ length: 120 }, (_, index) => ({
    ...{ id: `n-${String(index)}`, kind: 'node-sample', timeUnixMs: index * month, clusterName: 'c', nodeName: 'n' },
  }))
  expect(await metrics.store(batch)).toEqual({ stored: 120, known: 0 })
})

test('an event that no table can hold is refused by its id and field, and nothing of it is stored', async () => {
  const late = await metrics
    .store([makeRequest({ id: 'late', timeUnixMs: metricsLimits.eventTimeUnixMsMax })])
    .catch((cause: unknown) => cause)
  expect(metricsErrors.EVENTS_INVALID.is(late)).toBe(true)
  expect(String(late)).toMatch(/'late'.*timeUnixMs/)
  const wrong: object = { ...makeRequest({ id: 'wrong' }), inputTokens: 'many' }
  // Safe for the test: the point is an event that breaks its type.
  const typed = await metrics.store([wrong as BudEvent]).catch((cause: unknown) => cause)
  expect(metricsErrors.EVENTS_INVALID.is(typed)).toBe(true)
  expect(String(typed)).toMatch(/'wrong'.*inputTokens/)
  expect(await metrics.request('wrong')).toBeUndefined()
})
