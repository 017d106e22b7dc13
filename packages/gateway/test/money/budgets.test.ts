/** Budgets: alerts once per threshold and window over all processes, stops as limits with reservation, webhooks that are signed and tried again. */
import { createHmac } from 'node:crypto'
import { createMemoryStore, createSecret, type BudgetAlertEvent, type RequestEvent } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { describe, expect, it } from 'vitest'
import {
  createBudgets,
  createGateway,
  createGovernanceAdmin,
  createKeyRing,
  createSpendLedger,
  fromUsageLimit,
  toUsageLimit,
  usageLimitStatus,
  type WebhookFetcher,
} from '../../src/index.ts'
import type { BudgetInput } from '../../src/money/budget.ts'
import { windowAt } from '../../src/money/budget-window.ts'
import { wellBehaved } from '../support/openai-answers.ts'
import { startUpstream } from '../support/upstream.ts'

const noon = Date.UTC(2026, 10, 23, 12)
let eventCount = 0
const spent = (costUsd: number, fields: Partial<RequestEvent> = {}): RequestEvent => ({
  id: String((eventCount += 1)),
  kind: 'request',
  timeUnixMs: noon,
  traceId: '0'.repeat(32),
  projectId: 'p',
  operation: 'chat',
  dialect: 'openai-chat',
  stream: false,
  requestedModel: 'm',
  model: 'm',
  status: 200,
  outcome: 'success',
  durationMs: 1,
  inputTokens: 1,
  cachedInputTokens: 0,
  cacheWriteInputTokens: 0,
  outputTokens: 1,
  reasoningTokens: 0,
  usageSource: 'upstream',
  costUsd,
  cache: 'none',
  requestBytes: 1,
  responseBytes: 1,
  attempts: [],
  tags: {},
  ...fields,
})

describe('an alert', () => {
  it('goes out once for each threshold, however many processes count', async () => {
    const store = createMemoryStore()
    const clock = createFakeClock({ startUnixMs: noon })
    await using left = createBudgets({ store, clock })
    await using right = createBudgets({ store, clock })
    const alerts: BudgetAlertEvent[] = []
    for (const budgets of [left, right]) budgets.onAlert((alert) => alerts.push(alert))
    await left.put({ id: 'team', subject: { kind: 'project', id: 'p' }, limitUsd: 10, alertPercents: [50, 80, 100] })
    await expect.poll(() => right.get('team')).toBeDefined()
    for (let index = 0; index < 6; index += 1) {
      left.onEvent(spent(1))
      right.onEvent(spent(0.5))
      right.onEvent(spent(100, { projectId: 'another' }))
      await left.flush()
      await right.flush()
    }
    expect(alerts.map(({ percent }) => percent)).toEqual([50, 80])
    left.onEvent(spent(5))
    await left.flush()
    await right.flush()
    expect(alerts.map(({ percent }) => percent)).toEqual([50, 80, 100])
    expect(alerts.at(-1)).toMatchObject({ budgetId: 'team', limitUsd: 10, spentUsd: 14, projectId: 'p' })
    expect(await right.state('team')).toMatchObject({ spentUsd: 14, remainingUsd: 0 })
  })

  it('goes out anew in the next window, which starts from nothing', async () => {
    const clock = createFakeClock({ startUnixMs: noon })
    await using budgets = createBudgets({ clock })
    const alerts: BudgetAlertEvent[] = []
    budgets.onAlert((alert) => alerts.push(alert))
    await budgets.put({ id: 'daily', subject: { kind: 'all' }, limitUsd: 1, window: 'day', alertPercents: [100] })
    budgets.onEvent(spent(2))
    await budgets.flush()
    await clock.advance(86_400_000)
    expect(await budgets.state('daily')).toMatchObject({ spentUsd: 0 })
    budgets.onEvent(spent(3, { timeUnixMs: noon + 86_400_000 }))
    await budgets.flush()
    expect(alerts.map(({ spentUsd }) => spentUsd)).toEqual([2, 3])
  })

  it('counts what many tiny requests cost without losing a billionth', async () => {
    await using budgets = createBudgets()
    await budgets.put({ id: 'tiny', subject: { kind: 'model', id: 'm*' }, limitUsd: 1_000 })
    for (let index = 0; index < 10_000; index += 1) budgets.onEvent(spent(0.000_000_001, { timeUnixMs: Date.now() }))
    expect((await budgets.state('tiny'))?.spentUsd).toBe(0.000_01)
  })
})

describe('what is counted', () => {
  it('is what is known, also where the price of another try is missing', async () => {
    const clock = createFakeClock({ startUnixMs: noon })
    await using budgets = createBudgets({ clock })
    await budgets.put({ id: 'b', subject: { kind: 'all' }, limitUsd: 9 })
    const tried = { targetId: 't', providerId: 'p', startMs: 0, durationMs: 1, outcome: 'success' } as const
    const { costUsd: _, ...event } = spent(0)
    budgets.onEvent({ ...event, attempts: [{ ...tried, costUsd: 2 }, tried] })
    expect(await budgets.state('b')).toMatchObject({ spentUsd: 2 })
  })

  it('begins from nothing in another window, or for another subject', async () => {
    const clock = createFakeClock({ startUnixMs: noon })
    await using budgets = createBudgets({ clock })
    const alerts: number[] = []
    budgets.onAlert(({ spentUsd }) => alerts.push(spentUsd))
    const budget: BudgetInput = { id: 'b', subject: { kind: 'all' }, limitUsd: 1, alertPercents: [100] }
    const spentUsd = async () => (await budgets.state('b'))?.spentUsd
    await budgets.put({ ...budget, window: 'hour' })
    budgets.onEvent(spent(2))
    expect(await spentUsd()).toBe(2)
    await budgets.put({ ...budget, window: 'day' })
    budgets.onEvent(spent(3))
    expect(await spentUsd()).toBe(3)
    await budgets.put({ ...budget, window: 'hour' })
    budgets.onEvent(spent(4))
    expect(await spentUsd()).toBe(6)
    await budgets.put({ ...budget, subject: { kind: 'project', id: 'p' }, window: 'hour' })
    budgets.onEvent(spent(5))
    expect(await spentUsd()).toBe(5)
    expect(alerts).toEqual([2, 3, 5])
  })

  it('is written again by itself when the store was away, that of an older window too', async () => {
    const clock = createFakeClock({ startUnixMs: noon })
    const store = createMemoryStore({ clock })
    const { set } = store
    await using budgets = createBudgets({ clock, store })
    const alerts: number[] = []
    budgets.onAlert(({ spentUsd }) => alerts.push(spentUsd))
    await budgets.put({ id: 'b', subject: { kind: 'all' }, limitUsd: 1, window: 'hour', alertPercents: [100] })
    store.set = () => Promise.reject(new Error('away'))
    budgets.onEvent(spent(2))
    budgets.onEvent(spent(3, { timeUnixMs: noon + 3_600_000 }))
    await budgets.flush()
    store.set = set
    await clock.advance(1_000)
    await expect.poll(() => alerts).toEqual([3])
    expect(await budgets.state('b')).toMatchObject({ spentUsd: 2 })
  })
})

describe('a webhook', () => {
  const secrets = {
    contract: 'secret-store/1',
    read: (reference: string) => Promise.resolve(createSecret(`secret of ${reference}`)),
  } as const

  it('is signed over its time and body, and sent again until it is taken', async () => {
    const clock = createFakeClock({ startUnixMs: noon })
    const seen: { readonly headers: Readonly<Record<string, string>>; readonly body: string }[] = []
    const fetcher: WebhookFetcher = {
      fetch: ({ headers, body }) => {
        seen.push({ headers, body: Buffer.from(body).toString() })
        return seen.length === 1 ? Promise.reject(new Error('no route')) : Promise.resolve({ status: seen.length === 2 ? 500 : 204 })
      },
    }
    await using budgets = createBudgets({ clock, fetcher, secrets })
    await budgets.put({
      id: 'b',
      subject: { kind: 'all' },
      limitUsd: 1,
      alertPercents: [100],
      webhook: { url: 'https://hooks.example/x', credential: 'hook' },
    })
    budgets.onEvent(spent(1))
    const flushed = budgets.flush()
    await expect
      .poll(async () => {
        await clock.advance(60_000)
        return seen.length
      })
      .toBe(3)
    await flushed
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1)
    expect(JSON.parse(seen[2]?.body ?? '')).toMatchObject({ kind: 'budget-alert', budgetId: 'b', percent: 100 })
    const { 'x-bud-signature': signature = '', 'x-bud-event-id': id } = seen[2]?.headers ?? {}
    const [, seconds = '', mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? []
    expect(
      createHmac('sha256', 'secret of credential:hook')
        .update(`${seconds}.${seen[2]?.body ?? ''}`)
        .digest('hex'),
    ).toBe(mac)
    expect(JSON.parse(seen[0]?.body ?? '')).toHaveProperty('id', id)
  })

  it('keeps nobody waiting who asks about a budget, goes out whatever listeners do, and is waited for at the end', async () => {
    const clock = createFakeClock({ startUnixMs: noon })
    const { promise, resolve } = Promise.withResolvers<{ readonly status: number }>()
    let signal: AbortSignal | undefined
    const fetcher: WebhookFetcher = {
      fetch: (request) => {
        signal = request.signal
        return promise
      },
    }
    const budgets = createBudgets({ clock, fetcher })
    budgets.onAlert(() => {
      throw new Error('a listener that is broken')
    })
    const webhook = { url: 'https://hooks.example/x' }
    await budgets.put({ id: 'b', subject: { kind: 'all' }, limitUsd: 1, alertPercents: [100], webhook })
    budgets.onEvent(spent(1))
    expect(await budgets.state('b')).toMatchObject({ spentUsd: 1 })
    const closed = budgets[Symbol.asyncDispose]()
    await clock.advance(4_000)
    expect(signal?.aborted).toBe(false)
    resolve({ status: 204 })
    await closed
  })

  it('is refused where nothing checks its address', async () => {
    await using budgets = createBudgets()
    await expect(
      budgets.put({ id: 'b', subject: { kind: 'all' }, limitUsd: 1, webhook: { url: 'http://169.254.169.254/' } }),
    ).rejects.toThrow(/createSafeFetcher/)
  })
})

describe('a stop', () => {
  it('is a spend limit of its subject, there as long as the budget is', async () => {
    const store = createMemoryStore()
    await using keys = createKeyRing({ store })
    const admin = createGovernanceAdmin({ keys })
    await using budgets = createBudgets({ store, admin })
    await budgets.put({ id: 'team.1', subject: { kind: 'project', id: 'p' }, limitUsd: 10, stop: true })
    expect(admin.getProject('p')?.limits).toMatchObject([
      { kind: 'spend', limitUsd: 10, name: expect.stringMatching(/^budget-team-1-\w+$/) as unknown },
    ])
    await budgets.put({ id: 'team.1', subject: { kind: 'project', id: 'p' }, limitUsd: 20, stop: true })
    expect(admin.getProject('p')?.limits).toMatchObject([{ limitUsd: 20 }])
    await budgets.put({ id: 'team.1', subject: { kind: 'user', id: 'u' }, limitUsd: 20, stop: true })
    expect([admin.getProject('p')?.limits, admin.getUser('u')?.limits]).toMatchObject([[], [{ limitUsd: 20 }]])
    await budgets.delete('team.1')
    expect(admin.getUser('u')?.limits).toEqual([])
  })

  it('goes with its budget where its subject is gone already, which is not made again', async () => {
    const store = createMemoryStore()
    await using keys = createKeyRing({ store })
    const admin = createGovernanceAdmin({ keys })
    await using budgets = createBudgets({ store, admin })
    const { record } = await admin.createKey({ name: 'k' })
    await budgets.put({ id: 'ofKey', subject: { kind: 'key', id: record.id }, limitUsd: 10, stop: true })
    await budgets.put({ id: 'ofUser', subject: { kind: 'user', id: 'u' }, limitUsd: 10, stop: true })
    await admin.deleteKey(record.id)
    await keys.users.delete('u')
    expect([await budgets.delete('ofKey'), await budgets.delete('ofUser')]).toEqual([true, true])
    expect([budgets.list(), admin.listUsers()]).toEqual([[], []])
  })

  it('outlasts every change of the limits of its subject, which cannot go before it', async () => {
    const store = createMemoryStore()
    await using keys = createKeyRing({ store })
    const admin = createGovernanceAdmin({ keys })
    await using budgets = createBudgets({ store, admin })
    const { record } = await admin.createKey({ name: 'k' })
    const own = { kind: 'requests', limit: 5, window: 'minute' } as const
    const stop = { kind: 'spend', name: 'budget-b1', limitUsd: 10 }
    await budgets.put({ id: 'b1', subject: { kind: 'project', id: 'p' }, limitUsd: 10, stop: true })
    await budgets.put({ id: 'b2', subject: { kind: 'key', id: record.id }, limitUsd: 10, stop: true })
    await budgets.put({ id: 'b3', subject: { kind: 'user', id: 'u' }, limitUsd: 10, stop: true })
    expect((await admin.updateProject('p', { limits: [own] }))?.limits).toMatchObject([own, stop])
    // What was read may be given back, changed or not.
    const read = (admin.getProject('p')?.limits ?? []).map((limit) => (limit.kind === 'spend' ? { ...limit, limitUsd: 1_000 } : limit))
    expect((await admin.updateProject('p', { limits: read }))?.limits).toMatchObject([own, stop])
    expect((await admin.updateProject('p', { limits: null }))?.limits).toMatchObject([stop])
    expect((await admin.updateKey(record.id, { limits: [] }))?.limits).toMatchObject([{ name: 'budget-b2' }])
    expect((await admin.updateUser('u', { limits: [] }))?.limits).toMatchObject([{ name: 'budget-b3' }])
    for (const deleted of [admin.deleteProject('p'), admin.deleteUser('u')])
      await expect(deleted).rejects.toMatchObject({ code: 'GATEWAY_BUDGET_STOPS', status: 409 })
    const foreign = { ...own, name: 'budget-other' }
    for (const taken of [admin.updateProject('p', { limits: [foreign] }), admin.createProject({ id: 'q', limits: [foreign] })])
      await expect(taken).rejects.toMatchObject({ code: 'GATEWAY_BUDGET_LIMIT', status: 400 })
    await budgets.delete('b1')
    expect(admin.getProject('p')?.limits).toEqual([])
    expect(await admin.deleteProject('p')).toBe(true)
  })

  it('stands beside those of other budgets, whatever their ids look like and whoever sets one at the same time', async () => {
    const store = createMemoryStore()
    await using keys = createKeyRing({ store })
    const admin = createGovernanceAdmin({ keys })
    await using left = createBudgets({ store, admin })
    await using right = createBudgets({ store, admin })
    const ids = ['a.b', 'a:b', 'a-b', 'x'.repeat(58), ':'.repeat(58)]
    const subject = { kind: 'project', id: 'p' } as const
    await Promise.all(ids.map((id, index) => (index % 2 === 0 ? left : right).put({ id, subject, limitUsd: 1, stop: true })))
    expect(new Set(admin.getProject('p')?.limits?.map(({ name }) => name)).size).toBe(ids.length)
  })

  it.each([{ kind: 'all' }, { kind: 'model', id: 'm' }] as const)('for $kind is refused with what to do', async (subject) => {
    await using budgets = createBudgets()
    await expect(budgets.put({ id: 'b', subject, limitUsd: 1, stop: true })).rejects.toThrow(/spend rule/)
  })
})

describe('a budget that is made in the middle of its window', () => {
  const month = { calendar: 'month', timeZone: 'UTC' } as const
  const day = 86_400_000
  const tried = { targetId: 't', providerId: 'p', startMs: 0, durationMs: 1, outcome: 'success', inputTokens: 1, outputTokens: 1 } as const
  /** As a gateway's event has it. */
  const billed = (costUsd: number, fields: Partial<RequestEvent> = {}) => spent(costUsd, { attempts: [{ ...tried, costUsd }], ...fields })

  async function start() {
    const stack = new AsyncDisposableStack()
    const clock = createFakeClock({ startUnixMs: noon })
    const store = stack.use(createMemoryStore({ clock }))
    const keys = stack.use(createKeyRing({ store, clock }))
    const admin = createGovernanceAdmin({ keys })
    const spend = stack.use(createSpendLedger({ store, clock }))
    const budgets = stack.use(createBudgets({ store, clock, admin, spend }))
    const spentUsd = async (id: string) => (await budgets.state(id))?.spentUsd
    const count = (...events: readonly RequestEvent[]) => {
      for (const event of events) for (const { onEvent } of [spend, budgets]) onEvent(event)
    }
    return { clock, store, keys, admin, spend, budgets, spentUsd, count, [Symbol.asyncDispose]: () => stack.disposeAsync() }
  }

  it('begins with what the ledger has of its subject in that window, and counts on from there', async () => {
    await using test = await start()
    const { budgets, spentUsd, count } = test
    count(billed(3), billed(4, { timeUnixMs: noon - 20 * day }), billed(5, { timeUnixMs: noon - 30 * day }))
    count(billed(6, { projectId: 'q', userId: 'u', keyId: 'k', model: 'other' }))
    const made = { limitUsd: 100, window: month }
    await budgets.put({ ...made, id: 'p', subject: { kind: 'project', id: 'p' } })
    await budgets.put({ ...made, id: 'k', subject: { kind: 'key', id: 'k' } })
    await budgets.put({ ...made, id: 'm', subject: { kind: 'model', id: 'oth*' } })
    await budgets.put({ ...made, id: 'all', subject: { kind: 'all' } })
    await budgets.put({ ...made, id: 'today', subject: { kind: 'all' }, window: 'day' })
    await budgets.put({ ...made, id: 'hour', subject: { kind: 'all' }, window: 'hour' })
    const seen = () => Promise.all(['p', 'k', 'm', 'all', 'today', 'hour'].map(spentUsd))
    expect(await seen()).toEqual([7, 6, 6, 13, 9, 0])
    count(billed(1))
    // A change of the amount begins nothing anew, and neither does a budget that goes and comes again.
    await budgets.put({ ...made, id: 'p', subject: { kind: 'project', id: 'p' }, limitUsd: 200 })
    await budgets.delete('all')
    count(billed(2))
    await budgets.put({ ...made, id: 'all', subject: { kind: 'all' } })
    expect(await seen()).toEqual([10, 6, 6, 16, 12, 3])
  })

  it('counts a day in UTC that the start of the window cuts by its share', async () => {
    await using test = await start()
    // The month of Kiritimati began at 10:00 UTC on 31 October.
    test.count(billed(24, { timeUnixMs: Date.parse('2026-10-31T01:00:00Z') }), billed(1))
    const window = { calendar: 'month', timeZone: 'Pacific/Kiritimati' } as const
    await test.budgets.put({ id: 'b', subject: { kind: 'all' }, limitUsd: 100, window })
    expect(await test.spentUsd('b')).toBe(15)
  })

  it('stops at once where the window has cost as much, and lets the rest through where it has not', async () => {
    await using test = await start()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const price = { inputUsdPerMillionTokens: 0, outputUsdPerMillionTokens: 1_000 }
    const targets = [{ provider: 'openai-compatible', baseUrl: upstream.baseUrl, model: 'x' }]
    const { clock, store, keys, budgets, spend } = test
    await using gateway = createGateway({ models: { m: { targets, price } } }, { clock, store, keys })
    await gateway.ready
    using _spend = gateway.onEvent(spend.onEvent)
    using _budgets = gateway.onEvent(budgets.onEvent)
    const { key } = await keys.create({ name: 'k', projectId: 'p', userId: 'u' })
    // Each costs what seven tokens do: 0.007 dollars.
    const ask = async () => {
      const headers = { authorization: `Bearer ${key.reveal()}` }
      const body = JSON.stringify({ model: 'm', max_tokens: 7, messages: [{ role: 'user', content: 'hi' }] })
      const response = await gateway.fetch('http://gateway/v1/chat/completions', { method: 'POST', headers, body })
      await response.arrayBuffer()
      return response.status
    }
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 200])
    await budgets.put({ id: 'wide', subject: { kind: 'user', id: 'u' }, limitUsd: 0.028, window: month, stop: true })
    expect([await ask(), await ask()]).toEqual([200, 429])
    await budgets.delete('wide')
    // One that only told so far begins to stop with what it has counted.
    await budgets.put({ id: 'told', subject: { kind: 'project', id: 'p' }, limitUsd: 0.035, window: month })
    expect(await test.spentUsd('told')).toBe(0.028)
    await budgets.put({ id: 'told', subject: { kind: 'project', id: 'p' }, limitUsd: 0.035, window: month, stop: true })
    expect([await ask(), await ask()]).toEqual([200, 429])
    // Another limit of the same window has counted already: nothing counts twice.
    await budgets.put({ id: 'second', subject: { kind: 'project', id: 'p' }, limitUsd: 0.042, window: month, stop: true })
    await budgets.delete('told')
    expect([await ask(), await ask()]).toEqual([200, 429])
  })
})

it.each([
  [{ calendar: 'month', timeZone: 'UTC' }, '2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'],
  [{ calendar: 'week', timeZone: 'UTC' }, '2026-11-23T00:00:00Z', '2026-11-30T00:00:00Z'],
  [{ calendar: 'day', timeZone: 'America/New_York' }, '2026-11-23T05:00:00Z', '2026-11-24T05:00:00Z'],
  ['hour', '2026-11-23T12:00:00Z', '2026-11-23T13:00:00Z'],
] as const)('the window %j holds its moment', (window, start, end) => {
  expect(windowAt(window, noon)).toEqual({ startUnixMs: Date.parse(start), endUnixMs: Date.parse(end) })
})

describe("Bud's usage limits", () => {
  const record = {
    user_id: 'u',
    user_type: 'client',
    allowed: true,
    status: 'allowed',
    tokens_quota: 1_000,
    tokens_used: 400,
    cost_quota: 2.5,
    cost_used: 1,
    update_id: 3,
  }

  it('become limits of the user', () => {
    expect(fromUsageLimit(record)).toMatchObject({
      id: 'u',
      disabled: false,
      limits: [
        { kind: 'tokens', limit: 1_000 },
        { kind: 'spend', limitUsd: 2.5 },
      ],
    })
    expect(fromUsageLimit(record, { startsNow: true })).toMatchObject({ limits: [{ limit: 600 }, { limitUsd: 1.5 }] })
    expect(fromUsageLimit({ ...record, user_type: 'admin', allowed: false })).toMatchObject({ disabled: false, limits: [] })
    expect(fromUsageLimit({ ...record, allowed: false, tokens_quota: null, cost_quota: null })).toMatchObject({
      disabled: true,
      limits: [],
    })
  })

  it('mean what they mean there: no record and administrators may, a full quota may not', () => {
    const parsed = { ...record, user_type: 'client' } as const
    expect(usageLimitStatus(undefined)).toMatchObject({ allowed: true, status: 'no_billing_plan' })
    expect(usageLimitStatus({ ...parsed, user_type: 'admin', tokens_used: 9_999 })).toMatchObject({ allowed: true })
    expect(usageLimitStatus({ ...parsed, tokens_used: 1_000 })).toMatchObject({ allowed: false })
    expect(usageLimitStatus({ ...parsed, cost_used: 2.5 })).toMatchObject({ allowed: false })
    expect(usageLimitStatus({ ...parsed, allowed: false, reason: 'unpaid' })).toMatchObject({ allowed: false, reason: 'unpaid' })
  })

  it('are written as its readers expect them', () => {
    const { limits } = fromUsageLimit(record)
    const owner = {
      id: 'u',
      name: 'u',
      disabled: false,
      createdUnixMs: 0,
      tags: {},
      ...(limits === undefined ? {} : { limits: [...limits] }),
    }
    const written = toUsageLimit(owner, { tokens: 1_000, costUsd: 0.5 }, { unixMs: noon, startUnixMs: noon, endUnixMs: noon, updateId: 4 })
    expect(written).toMatchObject({ user_id: 'u', allowed: false, tokens_quota: 1_000, tokens_used: 1_000, cost_quota: 2.5, update_id: 4 })
    expect(fromUsageLimit({ ...written, allowed: true })).toMatchObject({ id: 'u', limits })
  })
})
