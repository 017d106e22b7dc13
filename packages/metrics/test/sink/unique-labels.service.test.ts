/** Labels that never repeat, and deliveries that all take longer than their limit; slow, so that it runs with the tests of services. */
import { createId, silentLogger, systemClock, systemRandom } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createMetrics } from '../../src/create-metrics.ts'
import { openTestEngine } from '../support/engine.ts'
import { makeRequest } from '../support/request-arbitrary.ts'

vi.setConfig({ testTimeout: 240_000 })

const events = 300_000
const perWrite = 2_000
const mebibyte = 1024 * 1024

test('300,000 events whose labels are all different arrive once each, in bounded memory, although every delivery is late', async () => {
  await using engine = await openTestEngine()
  const clock = createFakeClock({ startUnixMs: systemClock.nowMs() })
  const late: string[] = []
  const logger = { ...silentLogger, warn: (message: string) => void late.push(message) }
  await using metrics = await createMetrics({ client: engine.client, spoolDirectory: engine.spoolDirectory, clock, logger })
  let memoryBytes = 0
  const watch = setInterval(() => {
    memoryBytes = Math.max(memoryBytes, process.memoryUsage.rss())
  }, 50)
  onTestFinished(() => {
    clearInterval(watch)
  })
  for (let start = 0; start < events; start += perWrite) {
    const batch = Array.from({ length: perWrite }, (_, offset) => {
      const own = String(start + offset)
      return makeRequest({
        ...{
          id: createId(systemClock, systemRandom),
          timeUnixMs: clock.nowMs(),
          projectId: `p${own}`,
          keyId: `k${own}`,
          userId: `u${own}`,
        },
        ...{ requestedModel: `r${own}`, model: `m${own}`, targetId: `t${own}`, providerId: `v${own}` },
      })
    })
    await metrics.sink.write(batch, new AbortController().signal)
  }
  // Beyond the time of a delivery and the pause after it, again and again: each insert is given up several times while it works.
  await vi.waitFor(
    async () => {
      await clock.advance(31_000)
      expect(metrics.sink.receipt()).toEqual({ produced: events, stored: events, pending: 0, dropped: 0 })
    },
    { timeout: 200_000, interval: 200 },
  )
  expect(late.length).toBeGreaterThan(0)
  const ask = (sql: string) => engine.client.query({ what: 'counting', sql })
  expect(await ask('SELECT count() AS rows, uniqExact(id) AS ids FROM requests')).toEqual([{ rows: events, ids: events }])
  expect(await ask('SELECT sum(requests) AS rows, uniqExact(model) AS models FROM requests_minute')).toEqual([
    { rows: events, models: events },
  ])
  expect(await ask('SELECT sum(requests) AS rows FROM usage_hour')).toEqual([{ rows: events }])
  expect(await ask('SELECT sum(requests) AS rows FROM overall_day')).toEqual([{ rows: events }])
  expect(memoryBytes).toBeLessThan(4_096 * mebibyte)
})
