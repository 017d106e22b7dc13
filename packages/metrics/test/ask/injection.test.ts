/** No value that a caller sends can change the structure of a query. */
import { systemClock } from '@bud-foundry/core'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AnalyticsClient } from '../../src/client/analytics-client.ts'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { metricsErrors } from '../../src/errors.ts'
import { createClickHouseEngine } from '../../src/ask/clickhouse-engine.ts'
import { closedValues, dimensionNames } from '../../src/ask/dimension.ts'
import { createReader } from '../../src/ask/reader.ts'
import { recordKinds, type RecordKindName } from '../../src/ask/records/record-kinds.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'
import { baseUnixMs, makeRequest } from '../support/request-arbitrary.ts'

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

const attack = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    "' OR 1=1 --",
    "\\' OR 1=1 --",
    "'); DROP TABLE requests; --",
    '{to_us:Int64}',
    "']) OR 1 IN (1",
    '\\',
    '\u0000',
    '\n\t\r\b\f',
    "\ud800'",
    '$$',
    '`',
    '/*',
    ';',
  ),
)

/** Dimensions that are filtered by any text; the others refuse what is none of their values. */
const openNames = dimensionNames.filter((name) => name !== 'status' && closedValues[name] === undefined)

const longPeriod = { fromUnixMs: baseUnixMs - 90 * 86_400_000, toUnixMs: baseUnixMs }
const emptyPeriod = { fromUnixMs: baseUnixMs, toUnixMs: baseUnixMs + 1_000 }

test('the text of a query depends on which filters are used, never on their values', async () => {
  const texts: string[] = []
  const recorder: AnalyticsClient = {
    query: ({ sql }) => {
      texts.push(sql)
      return Promise.resolve([])
    },
    file: ({ sql }) => {
      texts.push(sql)
      return Promise.resolve(new Uint8Array(0))
    },
    command: () => Promise.reject(new Error('a question never commands')),
    insert: () => Promise.reject(new Error('a question never inserts')),
    insertRows: () => Promise.reject(new Error('a question never inserts')),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const ask = async (value: string) => {
    texts.length = 0
    const scope = { kind: 'projects', projectIds: [value] } as const
    const reader = createReader({ engine: createClickHouseEngine(recorder, systemClock), client: recorder, clock: systemClock, scope })
    const filters = Object.fromEntries(openNames.map((name) => [name, [value, value]]))
    await reader.requests({ filters })
    await reader.request(value)
    for (const from of ['rollup', 'raw'] as const) {
      const question = {
        measure: ['requests', 'inFlightPeak'],
        groupBy: ['model', 'userId'],
        filters,
        tags: { [`x${value}`]: value },
      } as const
      await reader.ask({ ...question, window: emptyPeriod, interval: '1s', search: `x${value.replaceAll(/\s/g, '')}`, from })
      await reader.ask({
        measure: 'costUsd',
        groupBy: ['model'],
        window: longPeriod,
        filters: { projectId: value },
        compare: 'previous',
        from,
      })
    }
    await reader.distribution({ of: 'durationMs', window: emptyPeriod, groupBy: ['model'], filters, search: 'x' })
    await reader.trace(value)
    await reader.spans(value)
    await reader.payload(value)
    for (const [of, { dimensions, measures, hasProject }] of Object.entries(recordKinds)) {
      if (!hasProject) continue
      const [measure = ''] = Object.keys(measures)
      const names = Object.keys(dimensions)
      const recordFilters = Object.fromEntries(names.map((name) => [name, value]))
      // Safe for the test: the names are those of the kind.
      await reader.records({ of: of as RecordKindName, measure, groupBy: names.slice(0, 3), filters: recordFilters, window: emptyPeriod })
    }
    await reader.export({ format: 'csv', window: emptyPeriod, filters })
    await reader.series({ ...emptyPeriod, intervalSeconds: 1, filters }).catch(() => undefined)
    return [...texts]
  }
  const plain = await ask('plain')
  expect(plain.length).toBeGreaterThan(5)
  await fc.assert(
    fc.asyncProperty(attack, async (value) => {
      expect(await ask(value)).toEqual(plain)
    }),
  )
})

test('every value finds exactly the rows that carry it', async () => {
  const values = [...new Set(fc.sample(attack, { seed: 7, numRuns: 60 }).map((value) => value.toWellFormed()))].filter(
    (value) => value !== '',
  )
  await metrics.store(values.map((userId, index) => makeRequest({ id: `row-${String(index)}`, userId, tags: { [userId]: userId } })))
  for (const userId of values) {
    const { data } = await metrics.requests({ filters: { userId } })
    expect(data.map((event) => [event.userId, event.tags])).toEqual([[userId, { [userId]: userId }]])
  }
  const nobody = await metrics.requests({ filters: { userId: "' OR 1=1 --x" } })
  expect(nobody.data).toEqual([])
})

test('names are never taken from the caller', async () => {
  for (const name of ['model) OR (1', 'constructor', '__proto__', 'project_id']) {
    const filters: object = JSON.parse(`{${JSON.stringify(name)}: "x"}`) as object
    const error = await metrics.requests({ filters }).catch((cause: unknown) => cause)
    expect(metricsErrors.QUESTION_INVALID.is(error)).toBe(true)
    const grouped = await metrics
      .ask({ window: emptyPeriod, measure: 'requests', groupBy: JSON.parse(JSON.stringify([name])) as never })
      .catch((cause: unknown) => cause)
    expect(metricsErrors.QUESTION_INVALID.is(grouped)).toBe(true)
  }
})
