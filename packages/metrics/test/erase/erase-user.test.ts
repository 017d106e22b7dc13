/** Erasure, retention, import and the other records, on the real engine. */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { auditEventSchema, budgetAlertEventSchema, createId, systemClock, systemRandom } from '@bud-foundry/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RecordQuestion } from '../../src/ask/records/ask-records.ts'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { metricsErrors } from '../../src/errors.ts'
import { importLines } from '../../src/import/import-lines.ts'
import { applyRetention } from '../../src/migrate/retention.ts'
import { migrations } from '../../src/migrate/migrate.ts'
import { renderStatement } from '../../src/migrate/topology.ts'
import { openTestEngine, type TestEngine } from '../support/engine.ts'
import { makeRequest } from '../support/request-arbitrary.ts'

let engine: TestEngine
let metrics: Metrics
const { signal } = new AbortController()
const timeUnixMs = Date.now() - 3_600_000

beforeAll(async () => {
  engine = await openTestEngine()
  metrics = await createMetrics(engine)
})

afterAll(async () => {
  await metrics[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
})

const ask = (sql: string) => engine.client.query({ what: 'testing', sql })
const newId = () => createId(systemClock, systemRandom)

test('a user is gone from rows, payloads, scores and rollups, and the others are not', async () => {
  const requests = ['ada', 'ada', 'bob'].map((userId) => makeRequest({ id: newId(), userId, timeUnixMs }))
  const payloads = requests.map(({ id, userId }) => ({
    id: `payload-${id}`,
    kind: 'payload',
    timeUnixMs,
    requestId: id,
    traceId: '0123456789abcdef0123456789abcdef',
    projectId: 'alpha',
    requestedModel: 'llama',
    dialect: 'openai-chat',
    request: 'the same question',
    requestTruncated: false,
    response: `an answer for ${String(userId)}`,
    responseTruncated: false,
  }))
  const score = {
    id: 'score-1',
    kind: 'score',
    timeUnixMs,
    projectId: 'alpha',
    name: 'thumb',
    requestId: requests[0]?.id ?? '',
    traceId: '',
    value: 1,
  }
  await metrics.sink.write([...requests, ...payloads, score], signal)
  await metrics.sink.flush(signal)
  expect(await ask('SELECT count() AS rows FROM payload_bodies FINAL')).toEqual([{ rows: 3 }])
  expect(await metrics.erase({ projectId: 'alpha', userId: 'ada' }, signal)).toMatchObject({
    requests: 2,
    payloads: 2,
    scores: 1,
    refused: 0,
  })
  expect(await ask('SELECT user_id FROM requests')).toEqual([{ user_id: 'bob' }])
  expect(await ask('SELECT body FROM payload_bodies FINAL ORDER BY body')).toEqual([
    { body: 'an answer for bob' },
    { body: 'the same question' },
  ])
  expect(await ask('SELECT sum(requests) AS requests, uniqMerge(users) AS users FROM requests_day')).toEqual([{ requests: 1, users: 1 }])
  expect((await metrics.verify()).every(({ differing }) => differing === 0)).toBe(true)
  expect(await metrics.erase({ projectId: 'alpha', userId: 'ada' }, signal)).toEqual({
    requests: 0,
    payloads: 0,
    scores: 0,
    spans: 0,
    blockedRequests: 0,
    refused: 0,
  })
  // What is imported again after an erasure is stored again, and not taken for a second attempt.
  expect(await metrics.store([score])).toEqual({ stored: 1, known: 0 })
  expect(await metrics.store([score])).toEqual({ stored: 0, known: 1 })
  expect(await ask('SELECT count() AS rows FROM scores')).toEqual([{ rows: 1 }])
})

test('what no table could hold of a user is erased too, and the others stay set aside', async () => {
  const common = { projectId: 'alpha', timeUnixMs, outputTokens: -1 }
  await metrics.sink.write(
    ['zoe', 'tom'].map((userId) => makeRequest({ ...common, id: newId(), userId })),
    signal,
  )
  await metrics.sink.flush(signal)
  // As a start leaves them that found a damaged spool file: their bytes name nobody for certain.
  const damaged = [engine.spoolDirectory, join(engine.spoolDirectory, 'requests-1')].map((each) =>
    join(each, '000000000001.spool-12.damaged'),
  )
  for (const path of damaged) await writeFile(path, 'zoe?')
  expect(await metrics.erase({ projectId: 'alpha', userId: 'zoe' }, signal)).toMatchObject({ requests: 0, refused: 1 })
  for (const path of damaged) expect(existsSync(path)).toBe(false)
  const left = await readFile(join(engine.spoolDirectory, 'refused.ndjson'), 'utf8')
  expect(left).not.toContain('zoe')
  expect(left).toContain('tom')
})

test('the only user of a day is erased too, and nothing of the day is left in any rollup', async () => {
  const longAgo = timeUnixMs - 3 * 86_400_000
  await metrics.store([makeRequest({ id: newId(), userId: 'eve', timeUnixMs: longAgo })])
  expect(await metrics.erase({ projectId: 'alpha', userId: 'eve' }, signal)).toMatchObject({ requests: 1 })
  const window = { fromUnixMs: longAgo - 86_400_000, toUnixMs: longAgo + 86_400_000 }
  for (const from of ['rollup', 'raw'] as const)
    expect((await metrics.ask({ measure: 'requests', window, from })).rows[0]?.values).toEqual({ requests: 0 })
  expect((await metrics.verify()).every(({ differing }) => differing === 0)).toBe(true)
})

test('samples, spans, audit and blocked requests are stored once each', async () => {
  const common = { timeUnixMs, traceId: 'x', requestId: 'y' }
  const events = [
    auditEventSchema.parse({
      ...{ id: 'a', kind: 'audit', timeUnixMs, requestId: 'y', action: 'key-create', outcome: 'success', after: { name: 'team' } },
      ...{ actor: { id: 'k', name: 'admin', clientIp: '192.0.2.1' }, subject: { kind: 'key', id: '1' } },
    }),
    budgetAlertEventSchema.parse({
      ...{ id: 'l', kind: 'budget-alert', timeUnixMs, budgetId: 'b', budgetName: 'monthly', projectId: 'alpha', percent: 80 },
      ...{ limitUsd: 5, spentUsd: 4.25, windowStartUnixMs: timeUnixMs, windowEndUnixMs: timeUnixMs + 1, stops: true },
    }),
    { ...common, id: 'n', kind: 'node-sample', clusterName: 'c', nodeName: 'n', load1: 0.5, memoryUsedBytes: 1e10 },
    { ...common, id: 'e', kind: 'engine-sample', clusterName: 'c', targetId: 't', runningRequests: 3 },
    { ...common, id: 's', kind: 'span', projectId: 'alpha', spanId: '1', name: 'chat', durationMs: 1.5, attributes: { a: 'b' } },
    { ...common, id: 'b', kind: 'blocked-request', projectId: 'alpha', ruleId: 'r', rulePriority: 4 },
    { ...common, id: 'p', kind: 'pod-sample', clusterName: 'c', namespace: 'x', podName: 'p', containerName: 'main', restarts: 2 },
  ]
  expect(await metrics.store(events)).toEqual({ stored: 7, known: 0 })
  expect(await metrics.store(events)).toEqual({ stored: 0, known: 7 })
  expect(await ask('SELECT load_1, memory_used_bytes, load_5 FROM node_samples')).toEqual([
    { load_1: 0.5, memory_used_bytes: 1e10, load_5: null },
  ])
  expect(await ask('SELECT action, actor_name, subject_id, before, after FROM audit_events')).toEqual([
    { action: 'key-create', actor_name: 'admin', subject_id: '1', before: '', after: '{"name":"team"}' },
  ])
  const window = { fromUnixMs: timeUnixMs - 1, toUnixMs: timeUnixMs + 1 }
  const records = async (question: Omit<RecordQuestion, 'window'>) => (await metrics.records({ ...question, window })).rows[0]?.values
  expect(await records({ of: 'audit', measure: ['operations', 'refused'] })).toEqual({ operations: 1, refused: 0 })
  expect(await records({ of: 'budgetAlerts', measure: ['alerts', 'spentUsdMax'], filters: { projectId: 'alpha' } })).toEqual({
    alerts: 1,
    spentUsdMax: 4.25,
  })
  expect(await ask("SELECT duration_us, attributes['a'] AS a FROM spans")).toEqual([{ duration_us: 1500, a: 'b' }])
})

test('each project has its own retention, which is applied once', async () => {
  const old = Date.now() - 20 * 86_400_000
  await metrics.store([
    makeRequest({ id: 'kept', projectId: "it's \\ mine", timeUnixMs: old }),
    makeRequest({ id: 'gone', projectId: 'beta', timeUnixMs: old }),
  ])
  await applyRetention(engine.client, { requestDays: 5, projects: { "it's \\ mine": { requestDays: 90 } } })
  await engine.client.command({ what: 'merging', sql: 'OPTIMIZE TABLE requests FINAL' })
  expect(await ask("SELECT id_text FROM requests WHERE id_text IN ('kept', 'gone')")).toEqual([{ id_text: 'kept' }])
  await applyRetention(engine.client, {})
  expect(
    await ask("SELECT count() AS limited FROM system.tables WHERE database = currentDatabase() AND engine_full LIKE '% TTL %'"),
  ).toEqual([{ limited: 0 }])
})

test('lines are imported once, and a damaged one is named', async () => {
  const lines = [JSON.stringify(makeRequest({ id: newId() })), '', '{"id":"z","kind":"unheard-of","timeUnixMs":1}']
  expect(await importLines(lines, metrics.store)).toEqual({ stored: 1, known: 0, skipped: 1 })
  expect(await importLines(lines.with(0, `\uFEFF${lines[0] ?? ''}`), metrics.store)).toEqual({ stored: 0, known: 1, skipped: 1 })
  const error = await importLines(['', 'oops'], metrics.store).catch((cause: unknown) => cause)
  expect(metricsErrors.IMPORT_INVALID.is(error) && error.details.line).toBe(2)
})

test('every statement for a cluster is one by the grammar of the engine', async () => {
  const rendered = migrations.flatMap(({ statements }) => statements).map((sql) => renderStatement(sql, { cluster: 'main' }))
  const rows = await engine.client.query({
    what: 'parsing',
    sql: 'SELECT count() AS statements, countIf(formatQuery(sql) LIKE {clause:String}) AS named FROM (SELECT arrayJoin({all:Array(String)}) AS sql)',
    params: { all: rendered, clause: '% ON CLUSTER main%' },
  })
  const inserts = rendered.filter((sql) => sql.trimStart().startsWith('INSERT')).length
  expect(rows).toEqual([{ statements: rendered.length, named: rendered.length - inserts }])
  await expect(engine.client.query({ what: 'parsing', sql: "SELECT formatQuery('CREATE TABEL x') AS sql" })).rejects.toThrow('parsing')
})

test('on a cluster every table is replicated and every statement names the cluster; the plain text is what it was', () => {
  for (const sql of migrations.flatMap(({ statements }) => statements)) {
    expect(renderStatement(sql, {})).toBe(sql)
    if (sql.trimStart().startsWith('INSERT')) continue
    const rendered = renderStatement(sql, { cluster: 'main' })
    expect(rendered).toMatch(/^\s*(CREATE (TABLE|VIEW|MATERIALIZED VIEW) IF NOT EXISTS|ALTER TABLE|TRUNCATE TABLE) \w+ ON CLUSTER main\b/)
    expect(rendered).not.toMatch(/ENGINE = (Replacing|Aggregating)?MergeTree/)
  }
  expect(
    renderStatement('CREATE TABLE IF NOT EXISTS x (a UInt8)\nENGINE = ReplacingMergeTree(time)\nORDER BY a', { cluster: 'main' }),
  ).toContain("ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', time)")
  expect(() => renderStatement('', { cluster: "x'; DROP" })).toThrow(/no name of a cluster/)
})
