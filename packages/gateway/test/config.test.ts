/** Configuration: refused whole when wrong, swapped whole when right, and never noticed by requests in flight. */
import { describe, expect, it } from 'vitest'
import { createGateway, type GatewayConfigInput } from '../src/index.ts'
import { chat, oneModel, startGateway } from './support/gateway.ts'
import { doneFrame, finishFrame, startSse, textFrame, wellBehaved } from './support/openai-answers.ts'
import { startUpstream } from './support/upstream.ts'

const none = { kind: 'none' } as const

describe('a wrong configuration', () => {
  it('is refused with every problem at once, by path', () => {
    const input = { models: { m: { targets: [{ provider: 'openai', weigth: 1, weight: -1 }] } }, auth: { kind: 'nope' } }
    // Deliberately not of the type: this is what a configuration file can hold.
    expect(() => createGateway(input as unknown as GatewayConfigInput)).toThrow(
      expect.objectContaining({
        code: 'CORE_CONFIG_INVALID',
        message: expect.stringMatching(/models\.m\.targets\.0[\s\S]*auth\.kind/),
      }),
    )
  })

  it.each([
    ['an unknown provider', { m: { targets: [{ provider: 'x' }] } }, 'GATEWAY_UNKNOWN_PROVIDER', 'models.m.targets.0.provider'],
    ['an unknown policy', { m: { policy: 'x', targets: [{ provider: 'openai' }] } }, 'GATEWAY_UNKNOWN_POLICY', 'models.m.policy'],
    [
      'an unknown fallback',
      { m: { fallbacks: ['x'], targets: [{ provider: 'openai' }] } },
      'GATEWAY_UNKNOWN_FALLBACK',
      'models.m.fallbacks.0',
    ],
    ['no targets', { m: {} }, 'GATEWAY_NO_TARGETS', 'models.m'],
    ['no address', { m: { targets: [{ provider: 'openai-compatible' }] } }, 'GATEWAY_NO_BASE_URL', 'models.m.targets.0.baseUrl'],
    [
      'a target id twice',
      {
        m: {
          targets: [
            { id: 'a', provider: 'openai' },
            { id: 'a', provider: 'openai' },
          ],
        },
      },
      'GATEWAY_DUPLICATE_TARGET',
      'models.m.targets.1.id',
    ],
    [
      'a reference without a secret store',
      { m: { targets: [{ provider: 'openai', credential: { reference: 'r' } }] } },
      'GATEWAY_NO_SECRET_STORE',
      'models.m.targets.0.credential',
    ],
    [
      'variants of variants',
      { m: { variants: [{ model: 'n', weight: 1 }] }, n: { variants: [{ model: 'm', weight: 1 }] } },
      'GATEWAY_NESTED_VARIANTS',
      'models.m.variants.0.model',
    ],
  ] satisfies [string, GatewayConfigInput['models'], string, string][])(
    'with %s is refused by name and path',
    (_name, models, code, path) => {
      expect(() => createGateway({ models, auth: none })).toThrow(expect.objectContaining({ code, message: expect.stringContaining(path) }))
    },
  )

  it('changes nothing when it comes as an update', async () => {
    await using upstream = await startUpstream(wellBehaved('still here'))
    await using test = await startGateway(oneModel(upstream.baseUrl))
    await expect(test.gateway.updateConfig({ models: { m: { targets: [{ provider: 'x' }] } } })).rejects.toMatchObject({
      code: 'GATEWAY_UNKNOWN_PROVIDER',
    })
    expect(await (await test.post('/v1/chat/completions', chat())).text()).toContain('still here')
  })

  it('never shows a credential', () => {
    const input = { models: { m: { targets: [{ provider: 'x', credential: 'sk-very-secret' }] } }, auth: none }
    try {
      createGateway(input)
      expect.unreachable()
    } catch (error) {
      expect(String(error)).not.toContain('very-secret')
      expect(JSON.stringify(error)).not.toContain('very-secret')
    }
  })
})

it('takes a new model over at once and lets a removed one go, while requests that began with it end as they would have', async () => {
  const go = Promise.withResolvers<undefined>()
  await using upstream = await startUpstream(async (res, request, index) => {
    if (request.json['stream'] !== true) {
      await wellBehaved('new')(res, request, index)
      return
    }
    startSse(res)
    res.write(textFrame('begun '))
    await go.promise
    res.end([textFrame('and done'), finishFrame, doneFrame].join(''))
  })
  await using test = await startGateway(oneModel(upstream.baseUrl))
  const stream = await test.post('/v1/chat/completions', chat({ stream: true }))
  await test.gateway.updateConfig({ models: { other: { targets: [{ provider: 'openai-compatible', baseUrl: upstream.baseUrl }] } } })
  expect((await test.post('/v1/chat/completions', chat())).status).toBe(404)
  expect((await test.post('/v1/chat/completions', chat({ model: 'other' }))).status).toBe(200)
  go.resolve(undefined)
  expect(await stream.text()).toContain('and done')
})

it('swaps 100 configurations a second under load without changing the outcome of one request', async () => {
  await using upstream = await startUpstream(async (res, request, index) => {
    if (index % 3 !== 0) {
      await wellBehaved('word '.repeat(5))(res, request, index)
      return
    }
    startSse(res)
    for (let word = 0; word < 10; word += 1) {
      res.write(textFrame(`w${String(word)} `))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    res.end([finishFrame, doneFrame].join(''))
  })
  const config = (round: number): GatewayConfigInput => {
    const base = oneModel(upstream.baseUrl, upstream.baseUrl).models['m']
    const targets = base?.targets?.map((target) => ({ ...target, weight: 1 + (round % 7), tier: round % 2 }))
    return {
      models: {
        m: { ...base, policy: round % 2 === 0 ? 'weighted' : 'round-robin', targets },
        [`extra-${String(round)}`]: { ...base, targets: targets?.map((target) => ({ ...target, id: `x-${target.id ?? ''}` })) },
      },
    }
  }
  await using test = await startGateway(config(0))
  let updates = 0
  let running = true
  const updating = (async () => {
    const startedMs = performance.now()
    while (running) {
      updates += 1
      await test.gateway.updateConfig(config(updates))
      const aheadMs = updates * 10 - (performance.now() - startedMs)
      if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs))
    }
    return updates / ((performance.now() - startedMs) / 1_000)
  })()
  const worker = async () => {
    const texts: string[] = []
    for (let round = 0; round < 12; round += 1) {
      const response = await test.post('/v1/chat/completions', chat({ stream: true }))
      texts.push(`${String(response.status)} ${(await response.text()).endsWith(doneFrame) ? 'whole' : 'broken'}`)
    }
    return texts
  }
  const results = (await Promise.all(Array.from({ length: 8 }, worker))).flat()
  running = false
  expect(new Set(results)).toEqual(new Set(['200 whole']))
  expect(await updating).toBeGreaterThan(80)
  const events = await test.sink.waitFor(96)
  expect(new Set(events.map((event) => event.outcome))).toEqual(new Set(['success']))
  expect(test.gateway.metricsText()).toContain('bud_gateway_target_in_flight{target="a"} 0')
})

it('refuses what a hidden secret prints as: a configuration that was read would otherwise overwrite every credential', () => {
  const target = { provider: 'openai', credential: '[secret]' }
  const make = () => createGateway({ auth: none, models: { m: { targets: [target] } } })
  expect(make).toThrow(/is how a hidden secret prints/)
})
