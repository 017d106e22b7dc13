/** Four gateway processes on one Valkey server under a hundred times the load that is allowed: exactly the limit gets through. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createValkeyStore } from '@bud-foundry/core/store/valkey'
import { systemClock, type Store } from '@bud-foundry/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createKeyRing, type LimitRule, type ShownKey } from '../../src/index.ts'
import { chat } from '../support/gateway.ts'
import { completion, sendJson } from '../support/openai-answers.ts'
import { startUpstream, type Answer, type Upstream } from '../support/upstream.ts'
import { ValkeyServer } from './valkey-server.ts'

const processes = 4
/** Divides time since 1970 into windows so long that none ends during a test. */
const longWindow = { window: { seconds: 92 * 86_400 } } as const
const always = Number.MAX_SAFE_INTEGER

let server: ValkeyServer
let store: Store
let upstream: Upstream
let key: ShownKey
const children: ChildProcess[] = []
let inFlight = 0
let mostInFlight = 0

const answerAfter =
  (delayMs: number): Answer =>
  async (res) => {
    inFlight += 1
    mostInFlight = Math.max(mostInFlight, inFlight)
    const left = new AbortController()
    res.once('close', () => {
      left.abort()
    })
    // Over before the answer goes out: the next call may be here before this connection tells that it was sent.
    if (delayMs > 0) await systemClock.sleep(delayMs, left.signal).catch(() => undefined)
    inFlight -= 1
    sendJson(res, 200, completion('hello'))
  }

beforeEach(async () => {
  server = await ValkeyServer.start()
  store = await createValkeyStore({ url: server.url, keyPrefix: '{test}:' })
  await using ring = createKeyRing({ store })
  key = await ring.create({ name: 'k', projectId: 'p', userId: 'u' })
  inFlight = mostInFlight = 0
  upstream = await startUpstream(answerAfter(0))
}, 30_000)

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await upstream[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
}, 30_000)

async function startChildren(rules: readonly LimitRule[], more: object = {}): Promise<readonly ChildProcess[]> {
  const price = { inputUsdPerMillionTokens: 0.3, outputUsdPerMillionTokens: 1.7 }
  const models = { m: { price, targets: [{ provider: 'openai-compatible', baseUrl: upstream.baseUrl }] } }
  const config = { models, rateLimits: { rules, ...more } }
  const argument = JSON.stringify({ url: server.url, keyPrefix: '{test}:', config, key: key.key.reveal() })
  const path = fileURLToPath(new URL('./limited-gateway.child.ts', import.meta.url))
  const started = Array.from({ length: processes }, () =>
    fork(path, [argument], { execArgv: ['--conditions=bud-source', '--no-warnings'] }),
  )
  children.push(...started)
  await Promise.all(started.map((child) => once(child, 'message')))
  return started
}

interface Done {
  readonly counts: Readonly<Record<string, number>>
  readonly lastMs: Readonly<Record<string, number>>
}

async function offer(child: ChildProcess, calls: number, parallel: number, body: object = chat({ max_tokens: 10 })): Promise<Done> {
  const done = messageOf(child, 'done')
  child.send({ op: 'offer', calls, parallel, body })
  // What the child sends under this name.
  return (await done) as unknown as Done
}

/** The next message of this name. */
const messageOf = (child: ChildProcess, op: string) =>
  new Promise<{ readonly op: string }>((resolve) => {
    const listen = (message: { readonly op: string }) => {
      if (message.op !== op) return
      child.off('message', listen)
      resolve(message)
    }
    child.on('message', listen)
  })

/** Load goes on until each process has answered so many calls more with this status. */
const goOnUntil = (status: number, running: readonly ChildProcess[] = children, calls = 40) =>
  Promise.all(
    running.map((child) => {
      const reached = messageOf(child, 'expected')
      child.send({ op: 'expect', status, calls })
      return reached
    }),
  )

const offerAll = (calls: number, parallel: number, body?: object) =>
  Promise.all(children.map((child) => offer(child, calls / processes, parallel, body)))

const stopAll = () => {
  for (const child of children) if (child.connected) child.send({ op: 'stop' })
}

const sum = (answers: readonly Done[], status: number) => answers.reduce((total, { counts }) => total + (counts[status] ?? 0), 0)

const scopes: readonly (readonly [name: string, rule: object])[] = [
  ['everyone', {}],
  ['a key', { per: ['key'] }],
  ['a user', { per: ['user'] }],
  ['a project', { per: ['project'] }],
  ['a model', { perModel: true }],
  ['a key and model', { per: ['key'], perModel: true }],
]

describe('four processes under a hundred times the limit', () => {
  test.each(scopes)('admit exactly the requests of %s', { timeout: 60_000 }, async (_, scope) => {
    const limit = 40
    // The schema's tests say which combinations are rules.
    await startChildren([{ kind: 'requests', limit, ...scope, ...longWindow }])
    const answers = await offerAll(100 * limit, 16)
    expect([sum(answers, 200), sum(answers, 429)]).toEqual([limit, 99 * limit])
    expect(upstream.seen).toHaveLength(limit)
  })

  test('admit exactly the limit in every one of several windows', { timeout: 60_000 }, async () => {
    const limit = 25
    const windowMs = 2_000
    await startChildren([{ kind: 'requests', limit, window: { seconds: windowMs / 1_000 } }])
    // From early in one window to the middle of the fourth.
    await systemClock.sleep(windowMs - ((await server.nowMs()) % windowMs) + 50)
    const done = Promise.all(children.map((child) => offer(child, always, 8)))
    const fourthMs = (Math.floor((await server.nowMs()) / windowMs) + 3) * windowMs
    await systemClock.sleep(fourthMs + windowMs / 2 - (await server.nowMs()))
    stopAll()
    const answers = await done
    expect(sum(answers, 429)).toBeGreaterThan(8 * limit)
    expect(upstream.seen).toHaveLength(4 * limit)
  })

  test('use tokens up to the limit, and not one more', { timeout: 60_000 }, async () => {
    // Every answer uses 18 tokens; at least 10 + 1 are reserved for it, and the prompt's estimate is more.
    const limit = 1_000
    await startChildren([{ kind: 'tokens', limit, per: ['key'], ...longWindow }])
    const answers = await offerAll(100 * Math.ceil(limit / 18), 16, chat({ max_tokens: 10 }))
    const used = 18 * upstream.seen.length
    expect(sum(answers, 200)).toBe(upstream.seen.length)
    expect(used).toBeLessThanOrEqual(limit)
    // What is left is less than one more call reserves.
    expect(limit - used).toBeLessThan(10 + JSON.stringify(chat({ max_tokens: 10 })).length / 2)
    expect(sum(answers, 429)).toBeGreaterThan(0)
  })

  test('spend up to the limit, and not a billionth of a dollar more', { timeout: 60_000 }, async () => {
    // (11 × 0.3 + 7 × 1.7) millionths of a dollar each.
    const costUsd = 15.2e-6
    const limitUsd = 40 * costUsd
    await startChildren([{ kind: 'spend', limitUsd, window: { calendar: 'month', timeZone: 'UTC' } }])
    const answers = await offerAll(4_000, 16)
    const spentUsd = upstream.seen.length * costUsd
    expect(sum(answers, 200)).toBe(upstream.seen.length)
    expect(spentUsd).toBeLessThanOrEqual(limitUsd + 1e-12)
    expect(limitUsd - spentUsd).toBeLessThan(40e-6)
  })

  test('let exactly as many calls run at a time as the limit says, longer than their leases last', { timeout: 60_000 }, async () => {
    upstream.answer = answerAfter(2_500)
    await startChildren([{ kind: 'concurrency', limit: 12, per: ['project'] }], { leaseMs: 2_000 })
    const done = Promise.all(children.map((child) => offer(child, always, 300)))
    await expect.poll(() => upstream.seen.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(36)
    stopAll()
    const answers = await done
    expect(mostInFlight).toBe(12)
    expect(sum(answers, 429)).toBeGreaterThan(100)
  })

  test('count several limits in one reservation: what one refuses, no other is charged', { timeout: 60_000 }, async () => {
    const rules: LimitRule[] = [
      { kind: 'requests', limit: 60, per: ['key'], ...longWindow },
      { kind: 'requests', limit: 30, per: ['project'], ...longWindow },
      { kind: 'tokens', limit: 100_000, per: ['user'], ...longWindow },
      { kind: 'concurrency', limit: 1_000 },
    ]
    await startChildren(rules)
    const answers = await offerAll(3_000, 16)
    expect(sum(answers, 200)).toBe(30)
    const names = await server.admin.keys('{test}:w*requests*key*')
    expect(names).toHaveLength(1)
    expect(await server.admin.hget(names[0] ?? '', 'u')).toBe('30')
  })
})

describe('failures', () => {
  test('admit exactly the limit across a killed and restarted server', { timeout: 90_000 }, async () => {
    const limit = 400
    await startChildren([{ kind: 'requests', limit, ...longWindow }])
    const done = Promise.all(children.map((child) => offer(child, always, 40)))
    await expect.poll(() => upstream.seen.length, { timeout: 20_000, interval: 2 }).toBeGreaterThan(limit / 8)
    await server.kill()
    const admittedBefore = upstream.seen.length
    expect(admittedBefore).toBeLessThan(limit)
    await goOnUntil(503, children, 1)
    await server.start()
    await expect.poll(() => upstream.seen.length, { timeout: 30_000 }).toBe(limit)
    await goOnUntil(429)
    stopAll()
    const answers = await done
    expect(upstream.seen).toHaveLength(limit)
    expect(sum(answers, 200)).toBe(limit)
    expect(sum(answers, 503)).toBeGreaterThan(0)
  })

  /** Each answer uses 18 tokens, which cost 15.2 millionths of a dollar. `restUnits` is more than one call reserves. */
  const spending = [
    { kind: 'tokens', rule: { kind: 'tokens', limit: 7_200, ...longWindow }, eachUnits: 18, limitUnits: 7_200, restUnits: 60 },
    {
      kind: 'spend',
      rule: { kind: 'spend', limitUsd: 6_080e-6, ...longWindow },
      eachUnits: 15_200,
      limitUnits: 6_080_000,
      restUnits: 40_000,
    },
  ] as const

  test.each(spending)('use $kind up to the limit across a killed and restarted server', { timeout: 90_000 }, async (given) => {
    const { rule, eachUnits, limitUnits, restUnits } = given
    await startChildren([rule])
    const done = Promise.all(children.map((child) => offer(child, always, 20)))
    await expect.poll(() => upstream.seen.length, { timeout: 20_000, interval: 2 }).toBeGreaterThan(50)
    await server.kill()
    expect(upstream.seen.length * eachUnits).toBeLessThan(limitUnits)
    await goOnUntil(503, children, 1)
    await server.start()
    // What ended during the outage is settled, what nobody got is given back: the limit is used up but for less than a call.
    await expect.poll(() => upstream.seen.length * eachUnits, { timeout: 30_000 }).toBeGreaterThan(limitUnits - restUnits)
    await goOnUntil(429)
    stopAll()
    const answers = await done
    expect(upstream.seen.length * eachUnits).toBeLessThanOrEqual(limitUnits)
    expect(sum(answers, 200)).toBe(upstream.seen.length)
    expect(sum(answers, 503)).toBeGreaterThan(0)
  })

  test('let exactly as many calls run at a time across a killed and restarted server', { timeout: 60_000 }, async () => {
    upstream.answer = answerAfter(300)
    await startChildren([{ kind: 'concurrency', limit: 12 }], { leaseMs: 20_000 })
    const done = Promise.all(children.map((child) => offer(child, always, 30)))
    await expect.poll(() => upstream.seen.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(36)
    await server.kill()
    await server.start()
    mostInFlight = 0
    const before = upstream.seen.length
    await expect.poll(() => upstream.seen.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(before + 72)
    await expect.poll(() => mostInFlight, { timeout: 20_000 }).toBe(12)
    stopAll()
    expect(sum(await done, 429)).toBeGreaterThan(100)
    expect(mostInFlight).toBe(12)
  })

  test.each([
    { kind: 'requests', rule: { kind: 'requests', limit: 400, ...longWindow }, eachUnits: 1, limitUnits: 400, restUnits: 1 } as const,
    ...spending,
  ])(
    'a killed process gives nobody more $kind than the limit, and what it had reserved stays counted',
    { timeout: 60_000 },
    async ({ rule, eachUnits, limitUnits, restUnits }) => {
      upstream.answer = answerAfter(20)
      await startChildren([rule])
      const [first, ...others] = children
      if (first === undefined) throw new Error('there are four')
      void offer(first, always, 10).catch(() => undefined)
      const done = Promise.all(others.map((child) => offer(child, always, 10)))
      await expect.poll(() => upstream.seen.length, { timeout: 20_000, interval: 2 }).toBeGreaterThan(60)
      first.kill('SIGKILL')
      expect(upstream.seen.length * eachUnits).toBeLessThan(limitUnits)
      const usedUnits = async (): Promise<number> => {
        const [name = ''] = await server.admin.keys(`{test}:w*${rule.kind}*`)
        return Number(await server.admin.hget(name, 'u'))
      }
      await expect.poll(usedUnits, { timeout: 30_000 }).toBeGreaterThan(limitUnits - restUnits)
      await goOnUntil(429, others)
      stopAll()
      const answers = await done
      expect(sum(answers, 429)).toBeGreaterThan(0)
      expect(await usedUnits()).toBeLessThanOrEqual(limitUnits)
      expect(upstream.seen.length * eachUnits).toBeLessThanOrEqual(limitUnits)
    },
  )

  test('free the places of a killed process when its leases end, and none twice', { timeout: 60_000 }, async () => {
    upstream.answer = answerAfter(30_000)
    await startChildren([{ kind: 'concurrency', limit: 10 }], { leaseMs: 1_500 })
    const [first, ...others] = children
    if (first === undefined) throw new Error('there are four')
    void offer(first, 10, 10).catch(() => undefined)
    await expect.poll(() => inFlight, { timeout: 10_000 }).toBe(10)
    const done = Promise.all(others.map((child) => offer(child, always, 8)))
    // Renewed: longer than the leases, nobody else gets in.
    await systemClock.sleep(2_500)
    expect(upstream.seen).toHaveLength(10)
    first.kill('SIGKILL')
    upstream.answer = answerAfter(400)
    await expect.poll(() => upstream.seen.length, { timeout: 15_000 }).toBeGreaterThan(30)
    stopAll()
    await done
    expect(mostInFlight).toBe(10)
  })

  test('a revoked key stops in every process within a second, under load', { timeout: 60_000 }, async () => {
    await startChildren([{ kind: 'requests', limit: 1_000_000, ...longWindow }])
    const done = Promise.all(children.map((child) => offer(child, always, 4)))
    await expect.poll(() => upstream.seen.length, { timeout: 20_000 }).toBeGreaterThan(100)
    await using ring = createKeyRing({ store })
    await ring.ready
    const revokedMs = Date.now()
    await ring.revoke(key.record.id)
    await goOnUntil(401)
    stopAll()
    for (const { counts, lastMs } of await done) {
      expect(counts[401]).toBeGreaterThan(0)
      expect(lastMs[200] ?? 0).toBeLessThan(revokedMs + 1_000)
    }
  })

  test('a key revoked while the server was away stops within a second of its return', { timeout: 60_000 }, async () => {
    await startChildren([])
    const done = Promise.all(children.map((child) => offer(child, always, 2)))
    await expect.poll(() => upstream.seen.length, { timeout: 20_000 }).toBeGreaterThan(50)
    await using ring = createKeyRing({ store })
    await ring.ready
    await server.kill()
    await expect(ring.revoke(key.record.id)).rejects.toMatchObject({ retryable: true })
    await server.start()
    await expect
      .poll(() => store.get(`gateway/keys/${key.record.id}`).then((bytes) => Buffer.from(bytes ?? []).includes('revokedUnixMs')), {
        timeout: 20_000,
      })
      .toBe(true)
    const toldMs = Date.now()
    await goOnUntil(401)
    stopAll()
    for (const { counts, lastMs } of await done) {
      expect(counts[401]).toBeGreaterThan(0)
      expect(lastMs[200] ?? 0).toBeLessThan(toldMs + 1_000)
    }
  })
})
