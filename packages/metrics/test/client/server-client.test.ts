/** The client of a ClickHouse server, over HTTP to the embedded engine behind a bridge: the same SQL, the same answers. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RequestEvent } from '@bud-foundry/core'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createServerClient } from '../../src/client/server-client.ts'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { metricsErrors } from '../../src/errors.ts'
import { createMemoryReader } from '../../src/memory/memory-reader.ts'
import { openHttpBridge, type HttpBridge } from '../support/http-bridge.ts'
import { baseUnixMs, requestArbitrary } from '../support/request-arbitrary.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let directory: string
let bridge: HttpBridge
let metrics: Metrics

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bud-metrics-server-'))
  bridge = await openHttpBridge(join(directory, 'database'))
  metrics = await createMetrics({
    client: createServerClient({ url: bridge.url, requestTimeoutMs: 20_000 }),
    spoolDirectory: join(directory, 'spool'),
    retention: { requestDays: 5_800 },
  })
})

afterAll(async () => {
  await metrics[Symbol.asyncDispose]()
  await bridge[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

test('rows go in once and come out as they were, and questions have the answers of the oracle', async () => {
  const events = (fc.sample(fc.array(requestArbitrary, { minLength: 60, maxLength: 80 }), { seed: 5, numRuns: 1 })[0] ??
    []) satisfies RequestEvent[]
  const { stored } = await metrics.store(events)
  expect(await metrics.store(events)).toEqual({ stored: 0, known: events.length })
  expect(stored).toBe(new Set(events.map(({ id }) => id)).size)
  const oracle = createMemoryReader({ events })
  expect(await metrics.requests({ limit: 200 })).toEqual(await oracle.requests({ limit: 200 }))
  const question = {
    window: { fromUnixMs: baseUnixMs, toUnixMs: baseUnixMs + 600_000 },
    interval: '1m',
    measure: ['requests', 'errors', 'outputTokens', 'durationMsP95', 'timeToFirstTokenMsP50'],
    groupBy: ['projectId'],
    filters: { projectId: ['alpha', "it's \\ quoted"] },
  } as const
  expect(await metrics.ask(question)).toEqual(await oracle.ask(question))
})

test('a refusal of the server keeps its code, and a server that is away is worth a retry', async () => {
  const client = createServerClient({ url: bridge.url })
  const refused = await client.query({ what: 'testing', sql: 'SELECT nothing FROM nowhere' }).catch((cause: unknown) => cause)
  expect(metricsErrors.DATABASE_REFUSED.is(refused)).toBe(true)
  await client[Symbol.asyncDispose]()
  const closed = await client.query({ what: 'testing', sql: 'SELECT 1' }).catch((cause: unknown) => cause)
  expect(metricsErrors.CLIENT_CLOSED.is(closed)).toBe(true)
  const away = createServerClient({ url: 'http://127.0.0.1:1' })
  const unreachable = await away.query({ what: 'testing', sql: 'SELECT 1' }).catch((cause: unknown) => cause)
  expect(metricsErrors.DATABASE_UNAVAILABLE.is(unreachable)).toBe(true)
  await away[Symbol.asyncDispose]()
})

test.each([{ url: 'nonsense' }, { url: 'ftp://x' }, { url: 'http://x:8123', requestTimeoutMs: -1 }])('%o is refused by name', (options) => {
  expect(() => createServerClient(options)).toThrow(/url|requestTimeoutMs/)
})
