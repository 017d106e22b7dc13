/** Outlier ejection: a target that fails far more than it may is set aside for a while, but never so many that the rest cannot carry the load. */
import { createFakeClock, createFakeTransport } from '@bud-foundry/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createGateway, gatewayConfigSchema } from '../../src/index.ts'
import { gatewayErrors } from '../../src/errors.ts'
import { TargetHealth } from '../../src/routing/target-health.ts'
import { completion } from '../support/openai-answers.ts'

const ejection = { errorRate: 0.5, minimumAttempts: 4, ejectMs: 1_000, maximumShare: 0.5 }
/** Out of the way: it would set a failing target aside too. */
const breaker = { failures: 1_000 }

/** A fleet of targets whose health a test decides; everything happens on virtual time. */
function startFleet(ids: readonly string[], overrides: Partial<typeof ejection> = {}) {
  const clock = createFakeClock()
  const broken = new Set<string>()
  const transport = createFakeTransport({
    clock,
    answer: ({ url }) =>
      broken.has(url.hostname)
        ? { status: 500, headers: { 'content-type': 'application/json' }, body: '{"error":{"message":"broken"}}' }
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(completion(url.hostname)) },
  })
  const targets = ids.map((id) => ({ id, provider: 'openai-compatible', baseUrl: `http://${id}/v1`, model: 'x' }))
  const gateway = createGateway(
    {
      auth: { kind: 'none' },
      breaker,
      ejection: { ...ejection, ...overrides },
      models: { m: { policy: 'round-robin', targets, retry: { attempts: 1 } } },
    },
    { clock, transport },
  )
  /** The hosts that `count` requests one after the other went to. */
  const ask = async (count: number): Promise<string[]> => {
    const before = transport.calls.length
    for (let index = 0; index < count; index += 1) {
      const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] })
      const asked = gateway.fetch('http://gateway/v1/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      await (await clock.run(asked)).text()
    }
    return transport.calls.slice(before).map(({ request }) => request.url.hostname)
  }
  return { clock, broken, gateway, ask, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() }
}

const share = (hosts: readonly string[], id: string): number => hosts.filter((host) => host === id).length

describe('a target that fails', () => {
  it('is set aside once enough attempts were seen, and for as long as the configuration says', async () => {
    await using fleet = startFleet(['a', 'b', 'c'])
    fleet.broken.add('c')
    // Its fourth attempt is the first that can eject it.
    expect(share(await fleet.ask(12), 'c')).toBe(4)
    expect(share(await fleet.ask(9), 'c')).toBe(0)
    await fleet.clock.advance(ejection.ejectMs - 1)
    expect(share(await fleet.ask(9), 'c')).toBe(0)
    await fleet.clock.advance(1)
    expect(share(await fleet.ask(9), 'c')).toBeGreaterThan(0)
  })

  it('is set aside again by its first failure afterwards', async () => {
    await using fleet = startFleet(['a', 'b', 'c'])
    fleet.broken.add('c')
    await fleet.ask(12)
    await fleet.clock.advance(ejection.ejectMs)
    expect(share(await fleet.ask(12), 'c')).toBe(1)
  })

  it('takes its full part again once it answers', async () => {
    await using fleet = startFleet(['a', 'b', 'c'])
    fleet.broken.add('c')
    await fleet.ask(12)
    fleet.broken.clear()
    await fleet.clock.advance(ejection.ejectMs)
    expect(share(await fleet.ask(9), 'c')).toBe(3)
  })

  it('is asked as before where ejection is switched off', async () => {
    await using fleet = startFleet(['a', 'b', 'c'], { errorRate: 1 })
    fleet.broken.add('c')
    await fleet.ask(12)
    expect(share(await fleet.ask(9), 'c')).toBe(3)
  })
})

describe('when many fail', () => {
  it('no more than the configured share is set aside: what fails everywhere is no outlier', async () => {
    await using fleet = startFleet(['a', 'b', 'c', 'd'])
    for (const id of ['a', 'b', 'c', 'd']) fleet.broken.add(id)
    await fleet.ask(24)
    expect(new Set(await fleet.ask(12)).size).toBe(2)
  })

  it('a single target is never set aside', async () => {
    await using fleet = startFleet(['a'], { maximumShare: 1 })
    fleet.broken.add('a')
    await fleet.ask(10)
    expect(await fleet.ask(3)).toEqual(['a', 'a', 'a'])
  })

  it('one target stays even where all of them may be set aside', async () => {
    await using fleet = startFleet(['a', 'b'], { maximumShare: 1 })
    fleet.broken.add('a').add('b')
    await fleet.ask(20)
    expect(await fleet.ask(3)).toHaveLength(3)
  })
})

describe('the error rate', () => {
  const config = { breaker: gatewayConfigSchema.parse({ models: {} }).breaker, ejection }
  const failure = gatewayErrors.STREAM_INTERRUPTED({ targetId: 'a', problem: 'it closed' })
  const seen = { latencyMs: 1, timeToFirstTokenMs: undefined }

  const play = (outcomes: readonly boolean[]): TargetHealth => {
    const health = new TargetHealth()
    for (const [nowMs, ok] of outcomes.entries()) {
      health.begin(config.breaker, nowMs)
      if (ok) health.succeed(seen, config.breaker, nowMs)
      else health.fail(failure, config, { nowMs, isRetry: false })
    }
    return health
  }

  it('stays between 0 and 1, and ejects only above its threshold and after the minimum of attempts', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (outcomes) => {
        const health = play(outcomes)
        expect(health.errorRate).toBeGreaterThanOrEqual(0)
        expect(health.errorRate).toBeLessThanOrEqual(1)
        const ejectedAt = health.ejectedUntilMs - ejection.ejectMs
        if (health.ejectedUntilMs === 0) return
        // The moment of an ejection is the index of a failure, at which the rate was above the threshold.
        expect(outcomes[ejectedAt]).toBe(false)
        const then = play(outcomes.slice(0, ejectedAt + 1))
        expect(then.errorRate).toBeGreaterThan(ejection.errorRate)
        expect(then.attempts).toBeGreaterThanOrEqual(ejection.minimumAttempts)
      }),
    )
  })

  it('is untouched by what says nothing about the target: a refusal of the request, a caller that left', () => {
    const health = new TargetHealth()
    health.begin(config.breaker, 0)
    health.fail(gatewayErrors.UNSUPPORTED_OPERATION({ model: 'm', operation: 'chat' }), config, { nowMs: 0, isRetry: false })
    health.begin(config.breaker, 0)
    health.cancel(config.breaker, 0)
    expect(health).toMatchObject({ errorRate: 0, inFlight: 0, ejectedUntilMs: 0 })
  })
})
