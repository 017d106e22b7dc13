/** Files say what is stored, and nothing that a spreadsheet would run. */
import { expect, test } from 'vitest'
import type { AnalyticsClient } from '../../src/client/analytics-client.ts'
import { createMetrics } from '../../src/create-metrics.ts'
import { metricsErrors } from '../../src/errors.ts'
import { metricsLimits } from '../../src/limits.ts'
import { exportFile } from '../../src/ask/export.ts'
import { everyProject } from '../../src/ask/scope.ts'
import { systemClock } from '@bud-foundry/core'
import { openTestEngine } from '../support/engine.ts'
import { baseUnixMs, makeRequest } from '../support/request-arbitrary.ts'

const window = { fromUnixMs: baseUnixMs - 1_000, toUnixMs: baseUnixMs + 3_600_000 }
const formula = '=HYPERLINK("http://evil","x")'

test('a text that begins like a formula is none in CSV, and is what it was in JSON lines', async () => {
  await using engine = await openTestEngine()
  await using metrics = await createMetrics(engine)
  await metrics.store([makeRequest({ id: 'a', timeUnixMs: baseUnixMs, userAgent: formula, requestedModel: '-1+1', savedUsd: 0.5 })])
  const text = async (format: 'csv' | 'jsonl') => Buffer.from((await metrics.export({ format, window })).bytes).toString()
  const csv = await text('csv')
  expect(csv).toContain(`"'=HYPERLINK(""http://evil"",""x"")"`)
  expect(csv).toContain(`"'-1+1"`)
  expect(csv).toContain('"saved_usd"')
  expect(JSON.parse(await text('jsonl'))).toMatchObject({ user_agent: formula, requested_model: '-1+1', saved_usd: 0.5 })
})

test('more rows than a file may have are refused, unless it says how many it wants', async () => {
  const files: string[] = []
  const client: AnalyticsClient = {
    query: () => Promise.resolve([{ rows: metricsLimits.exportRows + 1 }]),
    file: ({ sql }) => {
      files.push(sql)
      return Promise.resolve(new Uint8Array())
    },
    command: () => Promise.reject(new Error('a question never commands')),
    insert: () => Promise.reject(new Error('a question never inserts')),
    insertRows: () => Promise.reject(new Error('a question never inserts')),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const parts = { client, clock: systemClock, scope: everyProject }
  const error: unknown = await exportFile(parts, { format: 'csv', window }).catch((cause: unknown) => cause)
  expect(metricsErrors.ANSWER_TOO_LARGE.is(error)).toBe(true)
  expect(files).toEqual([])
  await exportFile(parts, { format: 'csv', window, limit: 10 })
  expect(files).toHaveLength(1)
})
