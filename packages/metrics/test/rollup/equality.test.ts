/** Rollups equal the raw rows: after merges, duplicates, late rows, and a crash at every point between a row and its rollups. */
import { createId, systemClock, systemRandom } from '@bud-foundry/core'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AnalyticsClient } from '../../src/client/analytics-client.ts'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { metricsErrors } from '../../src/errors.ts'
import { rollupFamilies } from '../../src/rollup/families.ts'
import { needsRepair } from '../../src/rollup/rebuild.ts'
import { repairTornRollups } from '../../src/rollup/torn.ts'
import { verifyRollups } from '../../src/rollup/verify.ts'
import { deliverEvents } from '../../src/sink/deliver.ts'
import type { StoredRequest } from '../../src/table/request-details.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'
import { makeRequest, requestArbitrary } from '../support/request-arbitrary.ts'

let engine: TestEngine
let metrics: Metrics
const { signal } = new AbortController()

beforeEach(async () => {
  engine = await openTestEngine()
  metrics = await createMetrics(engine)
})

afterEach(async () => {
  await metrics[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
})

const command = (sql: string) => engine.client.command({ what: 'testing', sql })
const ask = (sql: string) => engine.client.query({ what: 'testing', sql })
const tables = rollupFamilies.flatMap(({ name, levels }) => levels.map((level) => `${name}_${level.name}`))
const equal = tables.map((table) => ({ table, differing: 0 }))
const newId = () => createId(systemClock, systemRandom)

test('on random data, new, late, twice and in any batches, before and after merges', async () => {
  const month = 31 * 86_400_000
  const late = fc.constantFrom(0, 0, 0, -86_400_000, -month, 2 * month)
  const event = fc.tuple(requestArbitrary, late, fc.boolean()).map(([request, delay, isOurs]): StoredRequest => ({
    ...request,
    timeUnixMs: request.timeUnixMs + delay,
    ...(isOurs ? { id: newId() } : {}),
  }))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(event, { minLength: 1, maxLength: 15 }), { minLength: 1, maxLength: 3 }), async (batches) => {
      for (const batch of batches) {
        await metrics.sink.write(batch, signal)
        await metrics.sink.write(batch.slice(0, 4), signal)
        await metrics.sink.flush(signal)
        await metrics.sink.write(batch.slice(2), signal)
      }
      await metrics.store(batches[0] ?? [])
      await metrics.sink.flush(signal)
      expect(await verifyRollups(engine.client)).toEqual(equal)
    }),
    { numRuns: 2 },
  )
  const [counts] = await ask('SELECT count() = uniqExact(id) AS once, count() > 0 AS some FROM requests')
  expect(counts).toEqual({ once: 1, some: 1 })
  for (const table of tables) await command(`OPTIMIZE TABLE ${table} FINAL`)
  await command('OPTIMIZE TABLE requests FINAL')
  expect(await verifyRollups(engine.client)).toEqual(equal)
  const { produced, stored, pending, dropped } = metrics.sink.receipt()
  expect({ pending, dropped, difference: produced - stored }).toEqual({ pending: 0, dropped: 0, difference: 0 })
})

test('a rollup that lost rows, or counted them twice, is found by the comparison', async () => {
  await metrics.store([makeRequest({ id: newId() }), makeRequest({ id: newId(), projectId: 'beta' })])
  await command('INSERT INTO requests_hour SELECT * FROM requests_hour')
  await command("ALTER TABLE usage_hour DELETE WHERE project_id = 'beta' SETTINGS mutations_sync = 2")
  const found = await verifyRollups(engine.client)
  expect(found.filter(({ differing }) => differing > 0).map(({ table }) => table)).toEqual([
    ...['requests_hour', 'requests_day', 'usage_hour', 'overall_hour', 'overall_day', 'overall_month'],
  ])
})

/** Fails before or after the n-th statement that writes. */
function failingClient(client: AnalyticsClient, at: number, side: 'before' | 'after'): AnalyticsClient {
  let writes = 0
  const passOn = async (work: () => Promise<void>) => {
    const fails = writes === at
    writes += 1
    const error = metricsErrors.DATABASE_UNAVAILABLE({ what: 'testing', reason: 'it was killed' })
    if (fails && side === 'before') throw error
    await work()
    if (fails) throw error
  }
  return {
    ...client,
    command: (statement) => passOn(() => client.command(statement)),
    insert: (insert) => passOn(() => client.insert(insert)),
    insertRows: (insert) => passOn(() => client.insertRows(insert)),
  }
}

test('wherever a delivery or a repair is cut off, the next one makes it whole', async () => {
  const known = Array.from({ length: 5 }, (_, index) => makeRequest({ id: newId(), userId: `user-${String(index)}` }))
  await metrics.store(known)
  // Statements of a delivery, and of one that has to repair what a cut tore; each fails on one side of its effect.
  for (const [index, { at, torn }] of [
    { at: 1, torn: undefined },
    { at: 3, torn: undefined },
    { at: 14, torn: 'usage_hour' },
    { at: 9, torn: 'overall_month' },
  ].entries()) {
    const side = index % 2 === 0 ? 'before' : 'after'
    if (torn !== undefined) await command(`TRUNCATE TABLE ${torn}`)
    const fresh = Array.from({ length: 4 }, () => makeRequest({ id: newId(), durationMs: at }))
    const batch = [...known.slice(0, 2), ...fresh]
    const doubt = { maybeTorn: true, repairableFrom: 0 }
    await deliverEvents(failingClient(engine.client, at, side), batch, doubt).catch((error: unknown) => {
      expect(metricsErrors.DATABASE_UNAVAILABLE.is(error)).toBe(true)
    })
    await deliverEvents(engine.client, batch, doubt)
    expect(await needsRepair(engine.client)).toBe(false)
  }
  expect(await verifyRollups(engine.client)).toEqual(equal)
  expect(await ask('SELECT count() = uniqExact(id) AS once FROM requests')).toEqual([{ once: 1 }])
})

const doubtHours = () =>
  command("INSERT INTO rollup_repairs SELECT DISTINCT project_id, toDateTime(toStartOfHour(time, 'UTC'), 'UTC') FROM requests")

test('a cut is found in whatever rollup it tore, and repaired', async () => {
  await metrics.store(['alpha', 'beta'].map((projectId) => makeRequest({ id: newId(), projectId })))
  for (const table of tables) {
    await command(`TRUNCATE TABLE ${table}`)
    await doubtHours()
    expect(await repairTornRollups(engine.client)).toBe(true)
    expect(await needsRepair(engine.client)).toBe(false)
  }
  expect(await verifyRollups(engine.client)).toEqual(equal)
})

test('what was only in doubt, and is whole, is not made anew', async () => {
  const [first, second] = [makeRequest({ id: newId() }), makeRequest({ id: newId() })]
  await metrics.store([first])
  const told: string[] = []
  const client: AnalyticsClient = {
    ...engine.client,
    command(statement) {
      told.push(statement.sql)
      return engine.client.command(statement)
    },
  }
  expect(await deliverEvents(client, [first, second], { maybeTorn: true, repairableFrom: 0 })).toEqual({ stored: 1, known: 1 })
  expect(told.filter((sql) => sql.includes('PARTITION'))).toEqual([])
  expect(await needsRepair(client)).toBe(false)
  expect(await verifyRollups(client)).toEqual(equal)
})

test('rows whose rollups were never written are repaired at the next start', async () => {
  await metrics.store([makeRequest({ id: newId() })])
  await doubtHours()
  for (const table of tables) await command(`TRUNCATE TABLE ${table}`)
  expect((await verifyRollups(engine.client)).every(({ differing }) => differing === 1)).toBe(true)
  expect(await repairTornRollups(engine.client)).toBe(true)
  expect(await verifyRollups(engine.client)).toEqual(equal)
})
