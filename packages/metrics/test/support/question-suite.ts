/** Questions whose answers can be counted by hand, for every way to a database. */
import { readFileSync } from 'node:fs'
import { parse } from 'node:path'
import { auditEventSchema, budgetAlertEventSchema, type BudEvent } from '@bud-foundry/core'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AnalyticsClient } from '../../src/client/analytics-client.ts'
import { z } from 'zod'
import { createMetrics, type Metrics } from '../../src/create-metrics.ts'
import { metricsErrors } from '../../src/errors.ts'
import { parseInterval, roughMs } from '../../src/ask/calendar.ts'
import type { DistributionQuestion, Question } from '../../src/ask/question.ts'
import { everyProject } from '../../src/ask/scope.ts'
import { createMetricsHandler } from '../../src/http/handler.ts'
import { createMemoryReader } from '../../src/memory/memory-reader.ts'
import { createOtlpReceiver } from '../../src/otlp/receiver.ts'
import { questionArbitrary, roundAnswer, sampleEvents } from './question-arbitrary.ts'
import { baseUnixMs, makeRequest } from './request-arbitrary.ts'

export interface SuiteDatabase extends AsyncDisposable {
  readonly client: AnalyticsClient
  readonly spoolDirectory: string
}

const hour = 3_600_000
const startUnixMs = Math.floor(baseUnixMs / hour) * hour
const window = { fromUnixMs: startUnixMs, toUnixMs: startUnixMs + 10 * hour }
const seconds = (unixMs: number) => (unixMs / 1000).toFixed(6)
const uuid = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`

async function insert(client: AnalyticsClient, table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]) {
  await client.insert({ table, columns, lines: rows.map((row) => JSON.stringify(row)), token: `${table}-suite` })
}

async function fill(metrics: Metrics, client: AnalyticsClient): Promise<void> {
  await metrics.store([
    makeRequest({
      id: 'a',
      timeUnixMs: startUnixMs + hour,
      targetId: 't1',
      inputTokens: 1_000_000,
      outputTokens: 0,
      costUsd: 4,
      userAgent: 'curl/8',
    }),
    makeRequest({
      id: 'b',
      timeUnixMs: startUnixMs + hour,
      targetId: 't2',
      projectId: 'beta',
      inputTokens: 0,
      outputTokens: 500_000,
      traceId: 'f'.repeat(32),
    }),
    makeRequest({
      id: 'c',
      timeUnixMs: startUnixMs + 2 * hour,
      targetId: 't1',
      projectId: 'beta',
      durationMs: 9_000,
      traceId: 'f'.repeat(32),
      tags: { team: 'búho' },
    }),
  ])
  const place = { clusterName: 'c', nodeName: 'n' }
  await metrics.storeNodePrices([
    { ...place, timeUnixMs: startUnixMs - hour, usdPerHour: 8, devices: 2, instanceType: 'x' },
    { ...place, timeUnixMs: startUnixMs + 5 * hour, usdPerHour: 99, devices: 2 },
  ])
  await metrics.storeNodePrices([{ ...place, timeUnixMs: startUnixMs + 5 * hour, usdPerHour: 16, devices: 2 }])
  const device = { ...place, deviceId: 'gpu-0', deploymentName: 'd' }
  await metrics.storeTargetDevices([
    { ...device, targetId: 't1', timeUnixMs: startUnixMs - hour },
    { ...device, targetId: 't2', timeUnixMs: startUnixMs + 5 * hour },
    { ...device, targetId: 't1', timeUnixMs: startUnixMs + 8 * hour, removed: true },
  ])
  await insert(
    client,
    'device_samples',
    [
      'cluster_name',
      'node_name',
      'device_id',
      'time',
      'id',
      'id_text',
      'hardware_id',
      'utilisation',
      'memory_used_bytes',
      'memory_total_bytes',
    ],
    [
      ['c', 'n', 'gpu-0', seconds(startUnixMs), uuid(1), '', 'h100', 0.5, 10, 100],
      ['c', 'n', 'gpu-0', seconds(startUnixMs + hour), uuid(2), '', 'h100', 0.75, 30, 100],
      ['c', 'n', 'gpu-1', seconds(startUnixMs + hour), uuid(3), '', 'h100', null, null, null],
    ],
  )
  await insert(
    client,
    'blocked_requests',
    ['project_id', 'time', 'id', 'id_text', 'request_id', 'request_id_text', 'rule_id', 'client_ip', 'user_id'],
    [
      ['alpha', seconds(startUnixMs), uuid(1), '', uuid(9), '', 'rule-1', '192.0.2.1', ''],
      ['beta', seconds(startUnixMs), uuid(2), '', uuid(9), '', 'rule-1', '192.0.2.2', 'u'],
      ['beta', seconds(startUnixMs), uuid(3), '', uuid(9), '', "it's", '192.0.2.2', 'u'],
    ],
  )
}

/** Midnight after the last of the sample. */
const sampleEndUnixMs = Date.UTC(2026, 9, 28)
const recipeSchema = z.looseObject({ window: z.object({ last: z.string() }) })
const answerSchema = z.looseObject({
  rows: z.array(z.unknown()).optional(),
  points: z.array(z.unknown()).optional(),
  anomalies: z.array(z.unknown()).optional(),
})

/** Every question of docs/metrics/recipes.md. */
const recipes = [
  ...readFileSync(new URL('../../../../docs/metrics/recipes.md', import.meta.url), 'utf8').matchAll(
    /^### ([^\n]+)\n(?:(?!^###).)*?^`([\w-]+)`\n\n```json\n(.*?)^```$/gms,
  ),
].map(([, heading = '', route = '', body = '']) => ({ heading, route, body }))

/** One of each kind of record in the last hours of the sample. */
function recordsOfToday(): readonly BudEvent[] {
  const timeUnixMs = sampleEndUnixMs - hour
  const node = { timeUnixMs, clusterName: 'c', nodeName: 'n' }
  const metric = { timeUnixMs, kind: 'metric-sample', projectId: 'alpha', source: 'otel', labels: { model: 'm', tokenType: 'input' } }
  const counter = { metricKind: 'counter', value: 7, count: 0, bounds: [], bucketCounts: [] }
  const histogram = { metricKind: 'histogram', value: 7, count: 1, bounds: [10], bucketCounts: [1, 0] }
  const pod = { namespace: 'd', podName: 'p', containerName: 'main', deploymentName: 'd', restarts: 1 }
  const budget = { budgetId: 'b', budgetName: 'monthly', projectId: 'alpha', percent: 80, limitUsd: 5, spentUsd: 4, stops: true }
  const score = { projectId: 'alpha', name: 'thumb', value: 1, requestId: 'x', traceId: '' }
  const operation = { action: 'key-create', outcome: 'success', actor: { id: 'k', name: 'admin' }, subject: { kind: 'key', id: '1' } }
  const events = [
    { ...node, id: 'today-device', kind: 'device-sample', deviceId: 'gpu-0', hardwareId: 'h100', utilisation: 0.5 },
    { ...node, id: 'today-node', kind: 'node-sample', cpuUtilisation: 0.25, load1: 2 },
    { ...node, ...pod, id: 'today-pod', kind: 'pod-sample' },
    { ...node, id: 'today-engine', kind: 'engine-sample', targetId: 't2', waitingRequests: 3 },
    { ...metric, ...counter, id: 'today-counter', name: 'tokens', unit: 'tokens' },
    { ...metric, ...histogram, id: 'today-histogram', name: 'durationMs', unit: 'ms' },
    { ...score, id: 'today-score', kind: 'score', timeUnixMs },
    auditEventSchema.parse({ ...operation, id: 'today-audit', kind: 'audit', timeUnixMs, requestId: 'x' }),
    budgetAlertEventSchema.parse({
      ...budget,
      ...{ id: 'today-budget', kind: 'budget-alert', timeUnixMs, windowStartUnixMs: 0, windowEndUnixMs: timeUnixMs },
    }),
  ]
  return events
}

export function testQuestions(open: () => Promise<SuiteDatabase>): void {
  let database: SuiteDatabase
  let metrics: Metrics

  beforeAll(async () => {
    database = await open()
    metrics = await createMetrics(database)
    await fill(metrics, database.client)
    await metrics.store(recordsOfToday())
    await metrics.store(sampleEvents().slice(0, 200))
  })
  afterAll(async () => {
    await metrics[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  test('samples of devices are averaged where they were taken, and null where they were not', async () => {
    const { rows } = await metrics.records({
      of: 'devices',
      measure: ['samples', 'utilisationMean', 'memoryUsedShare'],
      groupBy: ['deviceId'],
      window: { fromUnixMs: startUnixMs, toUnixMs: startUnixMs + 2 * hour },
    })
    expect(rows).toEqual([
      { timeUnixMs: startUnixMs, group: { deviceId: 'gpu-0' }, values: { samples: 2, utilisationMean: 0.625, memoryUsedShare: 0.2 } },
      { timeUnixMs: startUnixMs, group: { deviceId: 'gpu-1' }, values: { samples: 1, utilisationMean: null, memoryUsedShare: null } },
    ])
    const series = await metrics.records({ of: 'devices', measure: 'utilisationMax', window, interval: '1d', timeZone: 'Europe/Berlin' })
    expect(series.rows.map(({ values }) => values['utilisationMax'])).toEqual([0.75, null])
  })

  test('blocked requests are counted by rule in scope, and a rule with a quote in its name is found', async () => {
    const question = { of: 'blocked', measure: ['blocked', 'clients', 'users'], groupBy: ['ruleId'], window } as const
    const all = await metrics.records(question)
    expect(all.rows.map(({ group, values }) => [group['ruleId'], values])).toEqual([
      ['rule-1', { blocked: 2, clients: 2, users: 1 }],
      ["it's", { blocked: 1, clients: 1, users: 1 }],
    ])
    const beta = metrics.scopedTo({ kind: 'projects', projectIds: ['beta'] })
    expect((await beta.records({ ...question, filters: { ruleId: "it's" } })).rows).toHaveLength(1)
    expect((await beta.records({ ...question, groupBy: [] })).rows[0]?.values).toEqual({ blocked: 2, clients: 1, users: 1 })
  })

  test('a request that the gateway turned away counts for its rule, once, whoever else reported it', async () => {
    const timeUnixMs = startUnixMs + 35 * hour
    const rejected = { timeUnixMs, outcome: 'rejected', status: 403, errorCode: 'GATEWAY_BLOCKED_IP', blockRuleId: 'rule-9' } as const
    const reported = {
      id: 'report',
      kind: 'blocked-request',
      timeUnixMs,
      projectId: 'alpha',
      requestId: 'b1',
      ruleId: 'rule-9',
      traceId: '',
    }
    await metrics.store([makeRequest({ ...rejected, id: 'b1' }), makeRequest({ ...rejected, id: 'b2', clientIp: '192.0.2.7' }), reported])
    const later = { fromUnixMs: timeUnixMs, toUnixMs: timeUnixMs + hour }
    const { rows } = await metrics.records({ of: 'blocked', measure: ['blocked', 'clients'], groupBy: ['ruleId', 'action'], window: later })
    expect(rows.map(({ group, values }) => [group['action'], values['blocked']]).sort()).toEqual([
      ['', 1],
      ['block', 1],
    ])
  })

  test('what belongs to no project is for operators, and unknown names are answered with the known ones', async () => {
    const beta = metrics.scopedTo({ kind: 'projects', projectIds: ['beta'] })
    for (const refused of [beta.records({ of: 'devices', measure: 'samples', window }), beta.trueCost({ window })])
      expect(metricsErrors.OPERATOR_ONLY.is(await refused.catch((error: unknown) => error))).toBe(true)
    const wrong = await metrics.records({ of: 'devices', measure: 'beauty', groupBy: ['color'], window }).catch((error: unknown) => error)
    for (const part of ['beauty', 'utilisationMean', 'color', 'hardwareId']) expect(String(wrong)).toContain(part)
  })

  test('the true cost of tokens follows the price of nodes and who used their devices when', async () => {
    const { rows } = await metrics.trueCost({ window })
    // One device of two: 4 USD an hour for five hours, then 8. t1 has it alone for five hours, shares it for three, t2 alone for two.
    expect(rows).toEqual([
      {
        targetId: 't1',
        requests: 2,
        tokens: 1_000_030,
        deviceHours: 6.5,
        nodeUsd: 32,
        utilisation: 0.625,
        idleUsd: 12,
        usdPerMillionTokens: (32 / 1_000_030) * 1e6,
        chargedUsd: 4,
      },
      {
        targetId: 't2',
        requests: 1,
        tokens: 500_000,
        deviceHours: 3.5,
        nodeUsd: 28,
        utilisation: 0.625,
        idleUsd: 10.5,
        usdPerMillionTokens: 56,
        chargedUsd: null,
      },
    ])
  })

  test('a trace has its requests in order, and words find them whatever their case', async () => {
    expect((await metrics.trace('f'.repeat(32))).map(({ id }) => id)).toEqual(['b', 'c'])
    const search = async (text: string) => (await metrics.requests({ ...window, search: text })).data.map(({ id }) => id)
    expect(await search('CURL t1')).toEqual(['a'])
    expect(await search('BÚHO')).toEqual(['c'])
    expect(await search('curl t2')).toEqual([])
    expect((await metrics.requests({ ...window, ranges: { durationMs: { min: 9_000 } } })).data.map(({ id }) => id)).toEqual(['c'])
    expect((await metrics.requests({ ...window, tags: { team: 'búho' } })).data.map(({ id }) => id)).toEqual(['c'])
  })

  test('random questions have the answers of the plainest code', async () => {
    const oracle = createMemoryReader({ events: sampleEvents().slice(0, 200) })
    // What the other tests stored lies months earlier.
    await fc.assert(
      fc.asyncProperty(questionArbitrary, async (asked) => {
        expect(roundAnswer(await metrics.ask(asked))).toEqual(roundAnswer(await oracle.ask(asked)))
      }),
      { numRuns: 8 },
    )
  })

  test('what was asked and answered is read by request, and the spans of a trace, in scope alone', async () => {
    const timeUnixMs = startUnixMs + 25 * hour
    const common = { timeUnixMs, traceId: 'e'.repeat(32), projectId: 'alpha' }
    const texts = { request: '{"messages":["Grüße"]}', requestTruncated: false, response: '', responseTruncated: true }
    const events = [
      { ...common, ...texts, id: 'p', kind: 'payload', requestId: 'no uuid', requestedModel: 'llama', dialect: 'openai-chat' },
      { ...common, id: 's2', kind: 'span', spanId: '2', parentSpanId: '1', name: 'chat', durationMs: 1.5, attributes: { a: "it's" } },
      {
        ...common,
        timeUnixMs: timeUnixMs - 1,
        id: 's1',
        kind: 'span',
        spanId: '1',
        name: 'agent',
        service: 'shop',
        status: 'ok',
        durationMs: 4,
      },
    ]
    await metrics.store(events)
    expect(await metrics.payload('no uuid')).toEqual({
      ...common,
      requestId: 'no uuid',
      requestedModel: 'llama',
      dialect: 'openai-chat',
      request: { text: texts.request, truncated: false, bytes: 24 },
      response: { text: '', truncated: true, bytes: 0 },
    })
    expect(await metrics.payload('other')).toBeUndefined()
    const spans = await metrics.spans('e'.repeat(32))
    expect(spans).toMatchObject([
      {
        spanId: '1',
        parentSpanId: '',
        name: 'agent',
        service: 'shop',
        status: 'ok',
        timeUnixMs: timeUnixMs - 1,
        durationMs: 4,
        attributes: {},
      },
      { spanId: '2', parentSpanId: '1', durationMs: 1.5, attributes: { a: "it's" } },
    ])
    const beta = metrics.scopedTo({ kind: 'projects', projectIds: ['beta'] })
    expect([await beta.payload('no uuid'), await beta.spans('e'.repeat(32))]).toEqual([undefined, []])
  })

  test.each(recipes)('recipe: $heading', async ({ route, body }) => {
    // The windows of the page end now, those of the sample at midnight; earlier than ten days lies what other tests stored.
    const { window: asked, ...rest } = recipeSchema.parse(JSON.parse(body))
    const lengthMs = Math.min(roughMs(parseInterval(asked.last) ?? expect.fail(asked.last)), 10 * 24 * hour)
    const question = { ...rest, window: { fromUnixMs: sampleEndUnixMs - lengthMs, toUnixMs: sampleEndUnixMs } }
    const handle = createMetricsHandler({ metrics, authorize: () => everyProject })
    const request = new Request(`http://localhost/api/metrics/${route}`, { method: 'POST', body: JSON.stringify(question) })
    const response = await handle(request)
    const text = await response.text()
    expect([response.status, text]).toEqual([200, expect.anything()])
    if (route === 'export') return expect(text.trim().split('\n').length).toBeGreaterThan(2)
    const answer = answerSchema.parse(JSON.parse(text))
    expect(answer.rows ?? answer.points ?? answer.anomalies).toBeDefined()
    if (route === 'records' || route === 'true-cost') expect(answer.rows?.length).toBeGreaterThan(0)
    const oracle = createMemoryReader({ events: sampleEvents().slice(0, 200) })
    // Safe for the test: the handler has checked the question.
    if (route === 'ask') expect(roundAnswer(answer)).toEqual(roundAnswer(await oracle.ask(question as unknown as Question)))
    if (route === 'distribution')
      expect(roundAnswer(answer)).toEqual(roundAnswer(await oracle.distribution(question as unknown as DistributionQuestion)))
  })

  test('guardrails are counted each, by their name and by what they did', async () => {
    const later = { fromUnixMs: startUnixMs + 20 * hour, toUnixMs: startUnixMs + 21 * hour }
    const timeUnixMs = later.fromUnixMs
    await metrics.store([
      makeRequest({ id: 'g1', timeUnixMs, guardrails: ['pii:email:mask', 'toxicity:block'], userId: 'u' }),
      makeRequest({ id: 'g2', timeUnixMs, guardrails: ['pii:email:mask'], projectId: 'beta' }),
    ])
    const question = { of: 'guardrails', measure: ['hits', 'requests', 'users'], groupBy: ['guardrail', 'action'], window: later } as const
    expect((await metrics.records(question)).rows.map(({ group, values }) => [group, values])).toEqual([
      [
        { guardrail: 'pii:email', action: 'mask' },
        { hits: 2, requests: 2, users: 1 },
      ],
      [
        { guardrail: 'toxicity', action: 'block' },
        { hits: 1, requests: 1, users: 1 },
      ],
    ])
    const beta = metrics.scopedTo({ kind: 'projects', projectIds: ['beta'] })
    expect((await beta.records({ ...question, groupBy: [] })).rows[0]?.values).toEqual({ hits: 1, requests: 1, users: 0 })
  })

  test('metrics that came over OTLP are answered by name, model and bin, in scope, however often they were sent', async () => {
    const from = startUnixMs + 30 * hour
    const nanos = (unixMs: number) => `${String(unixMs)}000000`
    const histogram = (model: string, counts: readonly number[], sum: number) => ({
      name: 'gen_ai.client.operation.duration',
      unit: 's',
      histogram: {
        aggregationTemporality: 1,
        dataPoints: [
          {
            attributes: [{ key: 'gen_ai.request.model', value: { stringValue: model } }],
            startTimeUnixNano: nanos(from),
            timeUnixNano: nanos(from + 60_000),
            count: counts.reduce((total, count) => total + count, 0),
            sum,
            bucketCounts: counts,
            explicitBounds: [0.1, 1, 10],
          },
        ],
      },
    })
    const receiver = createOtlpReceiver({ sink: metrics.sink, authorize: (request) => request.headers.get('authorization') ?? undefined })
    const send = (projectId: string, ...list: readonly unknown[]) =>
      receiver.handle(
        new Request('http://localhost/v1/metrics', {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: projectId },
          body: JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: list }] }] }),
        }),
      )
    for (let times = 0; times < 2; times += 1)
      await send('alpha', histogram('fast', [98, 2, 0, 0], 10), histogram("it's", [0, 0, 1, 1], 30))
    await send('beta', histogram('fast', [1, 0, 0, 0], 0.05))
    await metrics.sink.flush(new AbortController().signal)
    const measure = ['samples', 'observations', 'valueSum', 'valueMean', 'valueP50', 'valueP95', 'valueP99', 'gaugeMax']
    const question = { of: 'metrics', measure, groupBy: ['name', 'model'], window: { fromUnixMs: from, toUnixMs: from + hour } } as const
    expect((await metrics.scopedTo({ kind: 'projects', projectIds: ['alpha'] }).records(question)).rows).toMatchObject([
      {
        group: { name: 'durationMs', model: 'fast' },
        values: {
          samples: 1,
          observations: 100,
          valueSum: 10_000,
          valueMean: 100,
          valueP50: 100,
          valueP95: 100,
          valueP99: 1_000,
          gaugeMax: null,
        },
      },
      { group: { model: "it's" }, values: { observations: 2, valueSum: 30_000, valueP50: 10_000, valueP99: 10_000 } },
    ])
    const all = await metrics.records({ ...question, groupBy: [], filters: { model: 'fast' }, interval: '30m' })
    expect(all.rows.map(({ values }) => [values['observations'], values['valueP99']])).toEqual([
      [101, 1_000],
      [0, null],
    ])
  })

  test('requests are exported as CSV, JSON lines and Parquet, in scope alone', async () => {
    const beta = metrics.scopedTo({ kind: 'projects', projectIds: ['beta'] })
    const lines = Buffer.from((await beta.export({ format: 'jsonl', window })).bytes)
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    expect(lines).toMatchObject([{ id: 'c', duration_ms: 9_000, project_id: 'beta', cost_usd: null }, { id: 'b' }])
    const csv = Buffer.from((await metrics.export({ format: 'csv', window, filters: { userAgent: 'curl/8' } })).bytes).toString()
    expect(csv.split('\n')[0]).toContain('"time","id","trace_id","project_id"')
    expect(csv.trim().split('\n')).toHaveLength(2)
    expect(csv).not.toContain('\\N')
    expect(csv).toContain(',,')
    const parquet = await metrics.export({ format: 'parquet', window })
    expect(Buffer.from(parquet.bytes.subarray(0, 4)).toString()).toBe('PAR1')
    expect(Buffer.from(parquet.bytes.subarray(-4)).toString()).toBe('PAR1')
    expect(parse(parquet.fileName).ext).toBe('.parquet')
  })
}
