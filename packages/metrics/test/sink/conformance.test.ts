/** The sink of metrics, spool and real engine together, keeps the contract of every Sink. */
import { sinkConformance } from '@bud-foundry/core/testing/conformance'
import { describe, test } from 'vitest'
import { z } from 'zod'
import { createMetrics } from '../../src/create-metrics.ts'
import { openTestEngine } from '../support/engine.ts'
import { baseUnixMs, makeRequest } from '../support/request-arbitrary.ts'

const rowsSchema = z.array(z.object({ id: z.string() }))

sinkConformance({
  describe,
  test,
  name: 'the sink of metrics',
  createEvent: (number) => makeRequest({ id: `event-${String(number)}`, timeUnixMs: baseUnixMs + number }),
  async create() {
    const engine = await openTestEngine()
    const metrics = await createMetrics(engine)
    return {
      sink: metrics.sink,
      storedIds: async () =>
        rowsSchema.parse(await engine.client.query({ what: 'testing', sql: 'SELECT id_text AS id FROM requests' })).map(({ id }) => id),
      async close() {
        await metrics[Symbol.asyncDispose]()
        await engine[Symbol.asyncDispose]()
      },
    }
  },
})
