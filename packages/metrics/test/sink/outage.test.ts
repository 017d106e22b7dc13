/** A server that goes away for minutes: whoever writes does not notice, and everything arrives once. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createId, systemClock, systemRandom } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createServerClient } from '../../src/client/server-client.ts'
import { createMetrics } from '../../src/create-metrics.ts'
import { openHttpBridge } from '../support/http-bridge.ts'
import { makeRequest } from '../support/request-arbitrary.ts'

vi.setConfig({ testTimeout: 120_000 })

const { signal } = new AbortController()
const median = (values: readonly number[]) => values.toSorted((left, right) => left - right)[values.length >> 1] ?? Number.NaN

test('five minutes without the server change nothing for those who write, and all their events are stored once', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bud-metrics-outage-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  await using bridge = await openHttpBridge(join(directory, 'database'))
  const clock = createFakeClock({ startUnixMs: systemClock.nowMs() })
  const client = createServerClient({ url: bridge.url })
  await using metrics = await createMetrics({ client, clock, spoolDirectory: join(directory, 'spool') })
  // The clock moves between writes alone, so that a write which waited for the server would never resolve.
  const write = async () => {
    const events = Array.from({ length: 20 }, () => makeRequest({ id: createId(systemClock, systemRandom) }))
    const startMs = performance.now()
    await metrics.sink.write(events, signal)
    return performance.now() - startMs
  }
  const phase = async (writes: number, everyMs: number) => {
    const durationsMs: number[] = []
    for (let index = 0; index < writes; index += 1) {
      durationsMs.push(await write())
      await clock.advance(everyMs)
    }
    return median(durationsMs)
  }
  const before = await phase(30, 100)
  await metrics.sink.flush(signal)
  expect(metrics.sink.receipt()).toEqual({ produced: 600, stored: 600, pending: 0, dropped: 0 })

  await bridge.leave()
  const during = await phase(60, 5_000)
  expect(metrics.sink.receipt()).toEqual({ produced: 1_800, stored: 600, pending: 1_200, dropped: 0 })
  // Both are the cost of encoding and one write to a file; the bound only tells that from waiting for a connection.
  expect(during).toBeLessThan(5 * before + 5)

  await bridge.comeBack()
  // The longest pause between two attempts; from then on slowly, because a delivery has thirty seconds of this clock.
  await clock.advance(31_000)
  await vi.waitFor(
    async () => {
      await clock.advance(450)
      expect(metrics.sink.receipt()).toEqual({ produced: 1_800, stored: 1_800, pending: 0, dropped: 0 })
    },
    { timeout: 90_000, interval: 500 },
  )
  expect(await client.query({ what: 'counting', sql: 'SELECT count() AS rows, uniqExact(id) AS ids FROM requests' })).toEqual([
    { rows: 1_800, ids: 1_800 },
  ])
  expect((await metrics.verify()).filter(({ differing }) => differing > 0)).toEqual([])
})

test('a process that starts while the server is away accepts events, and stores them after the migrations when it is back', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bud-metrics-away-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  await using bridge = await openHttpBridge(join(directory, 'database'))
  await bridge.leave()
  const clock = createFakeClock({ startUnixMs: systemClock.nowMs() })
  const options = { client: createServerClient({ url: bridge.url }), clock, spoolDirectory: join(directory, 'spool') }
  await expect(createMetrics(options)).rejects.toMatchObject({ code: 'METRICS_DATABASE_UNAVAILABLE' })
  await using metrics = await createMetrics({ ...options, startsWithoutDatabase: true })
  expect(metrics.migration).toEqual({ schemaVersion: 0, applied: [] })
  await metrics.sink.write([makeRequest({ id: createId(systemClock, systemRandom) }), makeRequest({ id: 'second' })], signal)
  await clock.advance(5_000)
  expect(metrics.sink.receipt()).toEqual({ produced: 2, stored: 0, pending: 2, dropped: 0 })
  await bridge.comeBack()
  await vi.waitFor(
    async () => {
      await clock.advance(2_000)
      expect(metrics.sink.receipt()).toEqual({ produced: 2, stored: 2, pending: 0, dropped: 0 })
    },
    { timeout: 90_000, interval: 500 },
  )
  expect(metrics.migration.schemaVersion).toBeGreaterThan(0)
})
