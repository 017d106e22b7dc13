/** The sink on the real engine: fresh, complete, and undisturbed by events that nobody can store. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createId, systemRandom, type BudEvent } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { AnalyticsClient } from '../../src/client/analytics-client.ts'
import { createMetrics } from '../../src/create-metrics.ts'
import { metricsErrors } from '../../src/errors.ts'
import { metricsLimits } from '../../src/limits.ts'
import { createMemoryReader } from '../../src/memory/memory-reader.ts'
import { storedKinds } from '../../src/sink/deliver.ts'
import type { StoredRequest } from '../../src/table/request-details.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'
import { baseUnixMs, makeRequest } from '../support/request-arbitrary.ts'

let engine: TestEngine
const { signal } = new AbortController()

beforeEach(async () => {
  engine = await openTestEngine()
})

afterEach(async () => {
  await engine[Symbol.asyncDispose]()
})

test('an event is readable half a second after it was written, without a flush', async () => {
  const clock = createFakeClock({ startUnixMs: baseUnixMs })
  await using metrics = await createMetrics({ ...engine, clock })
  await metrics.sink.write([makeRequest({ id: 'fresh' })], signal)
  expect(await metrics.request('fresh')).toBeUndefined()
  await clock.advance(500)
  await vi.waitFor(async () => {
    expect(await metrics.request('fresh')).toMatchObject({ id: 'fresh' })
  }, 30_000)
  expect(metricsLimits.batchAgeMs).toBeLessThanOrEqual(500)
})

test('an event that no table can hold is set aside, and the others of its batch are stored', async () => {
  const problems: string[] = []
  const note = (message: string) => {
    problems.push(message)
  }
  await using metrics = await createMetrics({ ...engine, logger: { debug: note, info: () => undefined, warn: note, error: note } })
  const wrong: object = { ...makeRequest({ id: 'wrong' }), outputTokens: { many: true } }
  // Safe for the test: the point is an event that breaks its type.
  await metrics.sink.write([makeRequest({ id: 'one' }), wrong as BudEvent, makeRequest({ id: 'two' })], signal)
  await metrics.sink.flush(signal)
  expect(metrics.sink.receipt()).toEqual({ produced: 3, stored: 2, pending: 0, dropped: 1 })
  expect((await metrics.requests()).data.map(({ id }) => id).toSorted()).toEqual(['one', 'two'])
  expect(problems).toEqual(['events were refused and set aside'])
  expect(await readFile(join(engine.spoolDirectory, 'refused.ndjson'), 'utf8')).toContain('"wrong"')
})

test('no event that lacks its fields, of whatever kind, holds up those behind it', async () => {
  await using metrics = await createMetrics(engine)
  const bare = [...storedKinds].map((kind) => ({ id: `bare-${kind}`, kind, timeUnixMs: baseUnixMs }))
  const nameless: object = { kind: 'audit', timeUnixMs: baseUnixMs }
  const good = {
    id: 'good',
    kind: 'deployment-step',
    timeUnixMs: baseUnixMs,
    deploymentName: 'd',
    operationId: 'o',
    step: 's',
    state: 'done',
  }
  // Safe for the test: the point is events that break their types.
  await metrics.sink.write([...bare, nameless as BudEvent, good], signal)
  await metrics.sink.flush(signal)
  const { produced, stored, pending, dropped } = metrics.sink.receipt()
  expect({ produced, pending, sum: stored + dropped }).toEqual({ produced: bare.length + 2, pending: 0, sum: bare.length + 2 })
  const refused = await readFile(join(engine.spoolDirectory, 'refused.ndjson'), 'utf8')
  for (const kind of ['request', 'payload', 'audit', 'budget-alert', 'metric-sample']) expect(refused).toContain(`"bare-${kind}"`)
  const rows = await engine.client.query({ what: 'testing', sql: "SELECT step FROM deployment_steps WHERE id_text = 'good'" })
  expect(rows).toEqual([{ step: 's' }])
})

test('events with odd values in any field, read back from the spool of a former process, do not hold up those behind them', async () => {
  const names =
    `projectId requestId traceId userId name value labels attributes request response requestedModel dialect clusterName nodeName
    deviceId hardwareId podName namespace operationId deploymentName step state source kindOf durationMs tags attempts status outcome bounds
    bucketCounts count requestTruncated responseTruncated targetId utilisation`.split(/\s+/)
  const odd = [null, 5, -1, '', 'x', '\ud800', true, {}, [null], 1e300]
  const events = [...storedKinds].flatMap((kind) => [
    ...odd.map((value, index) => ({
      ...Object.fromEntries(names.map((name) => [name, value])),
      ...{ id: `odd-${kind}-${String(index)}`, kind, timeUnixMs: baseUnixMs },
    })),
    ...odd.map((timeUnixMs) => ({ id: 'timeless', kind, timeUnixMs })),
    ...odd.map((id) => ({ id, kind, timeUnixMs: baseUnixMs })),
  ])
  const step = { kind: 'deployment-step', deploymentName: 'd', operationId: 'o', step: 's', state: 'done' }
  events.push({ ...step, id: 'undated', timeUnixMs: Number.NaN })
  let away = false
  const unavailable = () => Promise.reject(metricsErrors.DATABASE_UNAVAILABLE({ what: 'inserting', reason: 'away' }))
  const client: AnalyticsClient = {
    ...engine.client,
    query: (...query) => (away ? unavailable() : engine.client.query(...query)),
    command: (...command) => (away ? unavailable() : engine.client.command(...command)),
    insert: (...insert) => (away ? unavailable() : engine.client.insert(...insert)),
    insertRows: (...insert) => (away ? unavailable() : engine.client.insertRows(...insert)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const former = await createMetrics({ ...engine, client })
  away = true
  // Safe for the test: the point is events that break their types.
  await former.sink.write(events as unknown as readonly BudEvent[], signal)
  await former[Symbol.asyncDispose]()
  away = false
  await using metrics = await createMetrics(engine)
  const waiting = metrics.sink.receipt().pending
  expect(waiting).toBeGreaterThan(events.length - 20)
  await metrics.sink.write([makeRequest({ id: 'good' })], signal)
  await metrics.sink.flush(signal)
  const { stored, pending, dropped } = metrics.sink.receipt()
  expect({ pending, sum: stored + dropped }).toEqual({ pending: 0, sum: waiting + 1 })
  expect(await metrics.request('good')).toMatchObject({ id: 'good' })
  expect(await readFile(join(engine.spoolDirectory, 'refused.ndjson'), 'utf8')).toContain('"undated"')
}, 30_000)

test('labels of any length are stored up to a length that can be grouped and filtered by, and different ones stay different', async () => {
  const clock = createFakeClock({ startUnixMs: baseUnixMs })
  await using metrics = await createMetrics({ ...engine, clock })
  const long = 'm'.repeat(1_500_000)
  const newId = () => createId(clock, systemRandom)
  const labelled = (id: string, text: string) =>
    makeRequest({ id, timeUnixMs: baseUnixMs, requestedModel: text, userAgent: text, userId: text, tags: { [text]: text, short: 'b' } })
  const events = [
    ...[labelled(newId(), long), labelled(newId(), `${long}2`), labelled('looked-up', long), labelled(newId(), 'short')],
    // Safe for the test: it has the fields that its table needs.
    { id: 'blocked', kind: 'blocked-request', timeUnixMs: baseUnixMs, projectId: 'p', requestId: 'r', requestedModel: long } as BudEvent,
  ]
  await metrics.sink.write(events, signal)
  await clock.run(metrics.sink.flush(signal))
  expect(metrics.sink.receipt()).toEqual({ produced: 5, stored: 5, pending: 0, dropped: 0 })
  const window = { fromUnixMs: baseUnixMs - 1, toUnixMs: baseUnixMs + 1 }
  const question = { measure: 'requests', groupBy: ['requestedModel'], window } as const
  const { rows } = await metrics.ask(question)
  expect(rows.map(({ values }) => values.requests)).toEqual([2, 1, 1])
  const [model = ''] = rows.map(({ group }) => String(group['requestedModel']))
  expect(model).toHaveLength(metricsLimits.labelChars)
  expect(model.startsWith('mmmm')).toBe(true)
  // Safe for the test: requests were made above.
  const memory = createMemoryReader({ events: events.slice(0, 4) as StoredRequest[], clock })
  expect((await memory.ask(question)).rows).toEqual(rows)
  const { data } = await metrics.requests({ filters: { requestedModel: model } })
  expect(data).toHaveLength(2)
  expect(data[0]).toMatchObject({ userAgent: model, userId: model, tags: { [model]: model, short: 'b' } })
  expect(await engine.client.query({ what: 'testing', sql: 'SELECT requested_model AS model FROM blocked_requests' })).toEqual([{ model }])
})

test('while the database is away events wait in the spool, and are stored when it is back', async () => {
  let away = true
  const client: AnalyticsClient = {
    ...engine.client,
    insert: (insert) =>
      away ? Promise.reject(metricsErrors.DATABASE_UNAVAILABLE({ what: 'inserting', reason: 'away' })) : engine.client.insert(insert),
  }
  away = false
  await using metrics = await createMetrics({ client, spoolDirectory: engine.spoolDirectory })
  away = true
  const events = Array.from({ length: 100 }, (_, index) => makeRequest({ id: `waiting-${String(index)}` }))
  await metrics.sink.write(events, signal)
  const flushed = metrics.sink.flush(signal)
  await vi.waitFor(() => {
    expect(metrics.sink.receipt()).toEqual({ produced: 100, stored: 0, pending: 100, dropped: 0 })
  })
  away = false
  await flushed
  expect(metrics.sink.receipt()).toEqual({ produced: 100, stored: 100, pending: 0, dropped: 0 })
  expect((await metrics.requests({ limit: 1000 })).data).toHaveLength(100)
})

test('a second process or sink on the same spool is refused', async () => {
  await using metrics = await createMetrics(engine)
  expect(metrics.sink.receipt()).toEqual({ produced: 0, stored: 0, pending: 0, dropped: 0 })
  const error = await createMetrics(engine).catch((cause: unknown) => cause)
  expect(error).toMatchObject({ code: 'CORE_STORE_LOCKED' })
})
