/** Burn rates counted by hand, and webhooks that are signed, repeated and never redirected. */
import { createHmac } from 'node:crypto'
import { createSecret, type RequestEvent } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, test } from 'vitest'
import { createSloAlerts, readAlerts, type AlertNotice } from '../../src/alert/slo-alerts.ts'
import { createWebhook } from '../../src/alert/webhook.ts'
import { metricsErrors } from '../../src/errors.ts'
import { createMemoryReader } from '../../src/memory/memory-reader.ts'
import { makeRequest } from '../support/request-arbitrary.ts'

const minute = 60_000
const nowUnixMs = Date.UTC(2026, 8, 1, 12)

/** One request a second backwards from now; every `period`th of the last `badMinutes` fails. */
const traffic = (minutes: number, badMinutes: number, period: number): RequestEvent[] =>
  Array.from({ length: minutes * 60 }, (_, index) =>
    makeRequest({
      id: String(index),
      timeUnixMs: nowUnixMs - (index + 1) * 1000,
      outcome: index < badMinutes * 60 && index % period === 0 ? 'error' : 'success',
      timeToFirstTokenMs: index % 2 === 0 ? 900 : 100,
    }),
  )

const read = (events: readonly RequestEvent[], more: object = {}) =>
  readAlerts(createMemoryReader({ events }), [{ name: 'o', target: 0.99, requestsMin: 10, ...more }], nowUnixMs)

test('a fault that burns the budget fifty times too fast pages, and only once both windows show it', async () => {
  const [hour] = await read(traffic(70, 30, 2))
  expect(hour).toMatchObject({ severity: 'page', firing: true, long: { requests: 3_600, bad: 900 }, short: { requests: 300, bad: 150 } })
  expect(hour?.long.rate).toBeCloseTo(25, 9)
  expect(hour?.short.rate).toBeCloseTo(50, 9)
  const over = traffic(70, 30, 2).map((event, index) => (index < 360 ? { ...event, outcome: 'success' as const } : event))
  expect((await read(over))[0]).toMatchObject({ firing: false, short: { bad: 0 } })
  expect((await read(traffic(70, 2, 2)))[0]).toMatchObject({ firing: false })
  expect(await read([])).toMatchObject([{ firing: false, long: { rate: null } }, { firing: false }, { firing: false }])
})

test('with limits on latency slow answers burn the budget, and few requests never fire', async () => {
  const [hour] = await read(traffic(70, 0, 1), { slo: { timeToFirstTokenMs: 500 } })
  expect(hour).toMatchObject({ firing: true, long: { requests: 3_600, bad: 1_800 } })
  const few = traffic(70, 70, 1).slice(0, 5)
  expect((await read(few))[0]).toMatchObject({ firing: false, long: { bad: 5 } })
})

test('an alert is told when it begins and when it ends, and again when telling failed', async () => {
  const clock = createFakeClock({ startUnixMs: nowUnixMs })
  const events = traffic(70, 30, 2)
  const notices: AlertNotice[] = []
  let failures = 1
  await using alerts = createSloAlerts({
    reader: createMemoryReader({ events, clock }),
    objectives: [{ name: 'answers', target: 0.99 }],
    clock,
    notify: (notice) => {
      if (failures-- > 0) return Promise.reject(new Error('away'))
      notices.push(notice)
      return Promise.resolve()
    },
  })
  await alerts.check()
  await alerts.check()
  await alerts.check()
  const told = () => [
    ...new Set(notices.map(({ objective, state, longWindowMs }) => `${objective} ${state} ${String(longWindowMs / minute)}`)),
  ]
  expect(told()).toContain('answers firing 60')
  const firing = notices.length
  await alerts.check()
  expect(notices).toHaveLength(firing)
  events.length = 0
  await alerts.check()
  expect(told()).toContain('answers resolved 60')
})

const notice: AlertNotice = {
  objective: 'o',
  severity: 'page',
  longWindowMs: 3_600_000,
  firing: true,
  long: { requests: 1, bad: 1, rate: 100 },
  short: { requests: 1, bad: 1, rate: 100 },
  threshold: 14.4,
  state: 'firing',
  sinceUnixMs: nowUnixMs,
  atUnixMs: nowUnixMs,
}
const { signal } = new AbortController()

function webhookTo(statuses: readonly number[]) {
  const clock = createFakeClock({ startUnixMs: nowUnixMs })
  const calls: { readonly url: string; readonly init: RequestInit }[] = []
  const webhook = createWebhook({
    url: 'https://hooks.example/x',
    secret: createSecret('s3cret'),
    clock,
    fetch: (url, init) => {
      calls.push({ url, init })
      return Promise.resolve(
        new Response(null, { status: statuses[calls.length - 1] ?? 200, headers: { location: 'http://169.254.169.254/' } }),
      )
    },
  })
  const send = async () => {
    const sent = webhook(notice, signal).then(
      () => 'sent',
      (error: unknown) => error,
    )
    for (let step = 0; step < 5; step += 1) await clock.advance(10_000)
    return sent
  }
  return { calls, send }
}

test('a notice carries a signature over its time and body', async () => {
  const { calls, send } = webhookTo([204])
  expect(await send()).toBe('sent')
  const { body: sent, headers, redirect } = calls[0]?.init ?? {}
  const body = typeof sent === 'string' ? sent : ''
  const time = String(nowUnixMs / 1000)
  const expected = createHmac('sha256', 's3cret').update(`${time}.${body}`).digest('hex')
  expect(new Headers(headers).get('bud-signature')).toBe(`t=${time},v1=${expected}`)
  expect([redirect, JSON.parse(body)]).toEqual(['manual', notice])
})

test('passing failures are tried again, others and redirects are not', async () => {
  const passing = webhookTo([503, 429, 200])
  expect(await passing.send()).toBe('sent')
  expect(passing.calls).toHaveLength(3)
  for (const status of [400, 302, 307]) {
    const refused = webhookTo([status])
    expect(metricsErrors.WEBHOOK_FAILED.is(await refused.send())).toBe(true)
    expect(refused.calls).toHaveLength(1)
  }
  const down = webhookTo([500, 500, 500, 500, 500, 500])
  expect(metricsErrors.WEBHOOK_FAILED.is(await down.send())).toBe(true)
  expect(down.calls).toHaveLength(5)
})

test('an address that is neither https nor this machine is refused', () => {
  for (const url of ['http://hooks.example/', 'ftp://localhost/', 'nonsense']) {
    expect(() => createWebhook({ url, secret: createSecret('s'), clock: createFakeClock() })).toThrow(/must be https/)
  }
})
