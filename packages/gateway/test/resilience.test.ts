/** Retries, fallbacks, credentials, breakers, hedges, health checks: what keeps answers coming. */
import { systemClock } from '@bud-foundry/core'
import { describe, expect, it } from 'vitest'
import type { GatewayConfigInput } from '../src/index.ts'
import { chat, oneModel, startGateway } from './support/gateway.ts'
import { completion, refuse, sendJson, startSse, textFrame, wellBehaved } from './support/openai-answers.ts'
import { startUpstream, type Upstream } from './support/upstream.ts'

type Model = GatewayConfigInput['models'][string]
type TargetInput = NonNullable<Model['targets']>[number]

const target = (upstream: Upstream, fields: Partial<TargetInput> = {}): TargetInput => ({
  provider: 'openai-compatible',
  baseUrl: upstream.baseUrl,
  ...fields,
})

const answerOf = async (response: Response): Promise<unknown> => {
  const body = (await response.json()) as { choices?: { message: { content: string } }[]; error?: { code: string } }
  return body.choices?.[0]?.message.content ?? body.error?.code
}

describe('retries', () => {
  it('try a single target again, up to the attempts of the configuration', async () => {
    await using upstream = await startUpstream(async (res, request, index) => {
      if (index < 2) await refuse(500)(res, request, index)
      else sendJson(res, 200, completion('third time lucky'))
    })
    await using test = await startGateway({ ...oneModel(upstream.baseUrl), retry: { attempts: 3, backoffMs: 1 } })
    expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('third time lucky')
    const [event] = await test.sink.waitFor(1)
    expect(event?.attempts.map(({ outcome }) => outcome)).toEqual(['error', 'error', 'success'])
  })

  it('wait as long as Retry-After says, when that is short', async () => {
    await using upstream = await startUpstream(async (res, request, index) => {
      if (index === 0) await refuse(503, { message: 'busy' }, { 'retry-after-ms': '120' })(res, request, index)
      else sendJson(res, 200, completion('ready now'))
    })
    await using test = await startGateway({ ...oneModel(upstream.baseUrl), retry: { backoffMs: 1 } })
    expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('ready now')
    const [event] = await test.sink.waitFor(1)
    const [first, second] = event?.attempts ?? []
    expect((second?.startMs ?? 0) - (first?.startMs ?? 0) - (first?.durationMs ?? 0)).toBeGreaterThanOrEqual(115)
  })

  it('leave a long Retry-After to the caller', async () => {
    await using upstream = await startUpstream(refuse(429, { message: 'slow down', code: 'rate_limit_exceeded' }, { 'retry-after': '20' }))
    await using test = await startGateway(oneModel(upstream.baseUrl))
    const response = await test.post('/v1/chat/completions', chat())
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('20')
    expect(upstream.seen).toHaveLength(1)
  })

  it('stop when the budget is spent', async () => {
    await using upstream = await startUpstream(refuse(500))
    const retry = { attempts: 3, backoffMs: 1, budgetRatio: 0, budgetPerSecond: 0 }
    await using test = await startGateway({ ...oneModel(upstream.baseUrl), retry })
    await (await test.post('/v1/chat/completions', chat())).text()
    expect(upstream.seen).toHaveLength(1)
  })

  it('end at the total timeout', async () => {
    await using upstream = await startUpstream(() => undefined)
    await using test = await startGateway({ ...oneModel(upstream.baseUrl), timeouts: { totalMs: 80 } })
    const response = await test.post('/v1/chat/completions', chat())
    expect(response.status).toBe(504)
    expect(await answerOf(response)).toBe('request_timeout')
    expect(await test.sink.waitFor(1)).toMatchObject([{ outcome: 'error', errorCode: 'GATEWAY_REQUEST_TIMEOUT' }])
    await upstream.seen[0]?.aborted
  })
})

describe('fallback models', () => {
  it('are tried in order, each once, even when they name each other', async () => {
    await using bad = await startUpstream(refuse(500))
    await using good = await startUpstream(wellBehaved('from c'))
    const models = {
      m: { targets: [target(bad)], fallbacks: ['b'], retry: { attempts: 1 } },
      b: { targets: [target(bad)], fallbacks: ['m', 'c'], retry: { attempts: 1 } },
      c: { targets: [target(good)] },
    }
    await using test = await startGateway({ models })
    expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('from c')
    expect(bad.seen.map(({ json }) => json['model'])).toEqual(['m', 'b'])
    expect(await test.sink.waitFor(1)).toMatchObject([{ requestedModel: 'm', model: 'c', outcome: 'success' }])
  })

  it('are not used for a refusal that would be the same everywhere', async () => {
    await using strict = await startUpstream(refuse(400, { message: 'bad temperature', param: 'temperature' }))
    await using other = await startUpstream(wellBehaved('no'))
    await using test = await startGateway({
      models: { m: { targets: [target(strict)], fallbacks: ['b'] }, b: { targets: [target(other)] } },
    })
    const response = await test.post('/v1/chat/completions', chat())
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: { message: 'bad temperature', param: 'temperature' } })
    expect(other.seen).toHaveLength(0)
  })
})

describe('credentials', () => {
  it('that are refused rest, while another one of the same target works', async () => {
    await using upstream = await startUpstream(async (res, request, index) => {
      if (request.headers['authorization'] === 'Bearer dead') await refuse(401, { message: 'bad key' })(res, request, index)
      else sendJson(res, 200, completion('fine'))
    })
    const models = { m: { policy: 'priority', targets: [target(upstream, { credential: ['dead', 'alive'] })] } }
    await using test = await startGateway({ models })
    for (let round = 0; round < 3; round += 1) expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('fine')
    expect(upstream.seen.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer dead',
      'Bearer alive',
      'Bearer alive',
      'Bearer alive',
    ])
  })

  it('that are all refused are the gateway’s fault, not the caller’s', async () => {
    await using upstream = await startUpstream(refuse(401, { message: 'bad key sk-secret' }))
    await using test = await startGateway({ models: { m: { targets: [target(upstream, { credential: 'sk-secret' })] } } })
    const first = await test.post('/v1/chat/completions', chat())
    expect(first.status).toBe(502)
    expect(await first.text()).not.toContain('sk-secret')
    const second = await test.post('/v1/chat/completions', chat())
    expect(await answerOf(second)).toBe('upstream_credentials_exhausted')
    expect(upstream.seen).toHaveLength(1)
  })

  it('that are refused are asked again after a short rest, even when no other target is left', async () => {
    await using upstream = await startUpstream(refuse(401, { message: 'bad key' }))
    let restedMs = 0
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + restedMs }
    await using test = await startGateway({ models: { m: { targets: [target(upstream, { credential: 'key' })] } } }, { clock })
    expect((await test.post('/v1/chat/completions', chat())).status).toBe(502)
    restedMs = 5_000
    expect((await test.post('/v1/chat/completions', chat())).status).toBe(502)
    expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('upstream_credentials_exhausted')
    expect(upstream.seen).toHaveLength(2)
    upstream.answer = wellBehaved('mended')
    restedMs = 15_000
    expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('mended')
    expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('mended')
  })

  it('given by reference are read from the secret store before the first request', async () => {
    await using upstream = await startUpstream(wellBehaved('fine'))
    const { createSecret } = await import('@bud-foundry/core')
    const secrets = {
      contract: 'secret-store/1' as const,
      read: (reference: string) => Promise.resolve(createSecret(`value of ${reference}`)),
    }
    const models = { m: { targets: [target(upstream, { credential: { reference: 'vault/openai' } })] } }
    await using test = await startGateway({ models }, { secrets })
    expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('fine')
    expect(upstream.seen[0]?.headers['authorization']).toBe('Bearer value of vault/openai')
  })
})

it('opens the breaker of a failing target, and closes it after a probe that works', async () => {
  await using upstream = await startUpstream(refuse(500))
  const breaker = { failures: 2, openMs: 100 }
  await using test = await startGateway({ ...oneModel(upstream.baseUrl), breaker, retry: { attempts: 1 } })
  await (await test.post('/v1/chat/completions', chat())).text()
  await (await test.post('/v1/chat/completions', chat())).text()
  const refused = await test.post('/v1/chat/completions', chat())
  expect(refused.status).toBe(503)
  expect(await answerOf(refused)).toBe('no_healthy_target')
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(upstream.seen).toHaveLength(2)
  upstream.answer = wellBehaved('recovered')
  await expect.poll(async () => answerOf(await test.post('/v1/chat/completions', chat()))).toBe('recovered')
  expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('recovered')
})

it('counts the tries of one request as one failure of its target, and names the last error once the breaker is open', async () => {
  await using upstream = await startUpstream((res) => {
    res.writeHead(200, { 'content-type': 'text/html' })
    res.end('<html></html>')
  })
  const retry = { attempts: 3, backoffMs: 1, budgetPerSecond: 1_000 }
  await using test = await startGateway({ ...oneModel(upstream.baseUrl), breaker: { failures: 3, openMs: 60_000 }, retry })
  for (let request = 1; request <= 2; request += 1) {
    expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('upstream_invalid_answer')
    expect(upstream.seen).toHaveLength(request * 3)
  }
  upstream.answer = wellBehaved('good')
  expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('good')
  upstream.answer = refuse(500)
  for (let request = 1; request <= 3; request += 1) await (await test.post('/v1/chat/completions', chat())).text()
  const refused = await test.post('/v1/chat/completions', chat())
  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({
    error: { code: 'no_healthy_target', message: expect.stringContaining('(a: GATEWAY_PROVIDER_FAILED)') },
  })
})

it('prefers lower tiers and goes to the next one only when they fail', async () => {
  await using first = await startUpstream(wellBehaved('tier 0'))
  await using second = await startUpstream(wellBehaved('tier 1'))
  const models = { m: { targets: [target(second, { tier: 1, weight: 100 }), target(first, { tier: 0, weight: 1 })] } }
  await using test = await startGateway({ models })
  for (let round = 0; round < 5; round += 1) expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('tier 0')
  first.answer = refuse(500)
  expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('tier 1')
})

describe('hedging', () => {
  it('starts a second try when the first is slow, answers with the faster one, and stops the other', async () => {
    await using slow = await startUpstream(() => undefined)
    await using fast = await startUpstream(wellBehaved('fast'))
    const config = oneModel(slow.baseUrl, fast.baseUrl)
    await using test = await startGateway({ models: { m: { ...config.models['m'], hedge: { after: 20 } } } })
    const response = await test.post('/v1/chat/completions', chat({ stream: true }))
    expect(await response.text()).toContain('fast')
    await slow.seen[0]?.aborted
    const [event] = await test.sink.waitFor(1)
    expect(event?.attempts.map(({ targetId, outcome }) => `${targetId} ${outcome}`).sort()).toEqual(['a aborted', 'b success'])
  })

  it('keeps the first try when it answers first after all', async () => {
    const go = Promise.withResolvers<undefined>()
    await using first = await startUpstream(async (res) => {
      await go.promise
      sendJson(res, 200, completion('first'))
    })
    await using second = await startUpstream(() => {
      go.resolve(undefined)
    })
    const config = oneModel(first.baseUrl, second.baseUrl)
    await using test = await startGateway({ models: { m: { ...config.models['m'], hedge: { after: 10 } } } })
    expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('first')
    await second.seen[0]?.aborted
  })

  it('waits for the hedge when the first try fails', async () => {
    await using failing = await startUpstream(async (res, request, index) => {
      await hedged.promise
      await refuse(500)(res, request, index)
    })
    const hedged = Promise.withResolvers<undefined>()
    await using second = await startUpstream(async (res) => {
      hedged.resolve(undefined)
      await new Promise((resolve) => setTimeout(resolve, 30))
      sendJson(res, 200, completion('hedge'))
    })
    const config = oneModel(failing.baseUrl, second.baseUrl)
    await using test = await startGateway({ models: { m: { ...config.models['m'], hedge: { after: 10 } } } })
    expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('hedge')
    expect(second.seen).toHaveLength(1)
  })
})

it('takes a target out while its health check fails, and brings it back', async () => {
  let healthy = false
  await using checked = await startUpstream(async (res, request, index) => {
    if (request.path === '/health') sendJson(res, healthy ? 200 : 503, {})
    else await wellBehaved('checked')(res, request, index)
  })
  await using other = await startUpstream(async (res, request, index) => {
    if (request.path === '/health') sendJson(res, 200, {})
    else await wellBehaved('other')(res, request, index)
  })
  const config = oneModel(checked.baseUrl, other.baseUrl)
  const healthCheck = { intervalMs: 10, unhealthyAfter: 2 }
  await using test = await startGateway({ models: { m: { ...config.models['m'], healthCheck } } })
  await expect.poll(async () => answerOf(await test.post('/v1/chat/completions', chat()))).toBe('other')
  expect(test.gateway.metricsText()).toContain('bud_gateway_target_healthy{target="a"} 0')
  healthy = true
  await expect.poll(async () => answerOf(await test.post('/v1/chat/completions', chat()))).toBe('checked')
})

describe('variants', () => {
  it('share callers by weight, and keep each caller with its own', async () => {
    await using upstream = await startUpstream((res, { json }) => {
      sendJson(res, 200, completion(String(json['model'])))
    })
    const models = {
      m: {
        variants: [
          { model: 'one', weight: 1 },
          { model: 'two', weight: 1 },
        ],
      },
      one: { targets: [target(upstream)] },
      two: { targets: [target(upstream)] },
    }
    await using test = await startGateway({ models })
    const seen = new Set<unknown>()
    for (let user = 0; user < 16; user += 1) {
      const ask = async () => answerOf(await test.post('/v1/chat/completions', chat({ user: `user-${String(user)}` })))
      const first = await ask()
      seen.add(first)
      expect(await ask()).toBe(first)
    }
    expect([...seen].sort()).toEqual(['one', 'two'])
    expect(await test.sink.waitFor(32)).toContainEqual(expect.objectContaining({ requestedModel: 'm', model: 'one' }))
  })
})

it('sends shadow traffic beside the answer, which it never delays or changes', async () => {
  await using main = await startUpstream(wellBehaved('main'))
  await using shadow = await startUpstream(() => undefined)
  const models = { m: { targets: [target(main)], shadow: { model: 's', share: 1 } }, s: { targets: [target(shadow)] } }
  await using test = await startGateway({ models, timeouts: { totalMs: 200 } })
  expect(await answerOf(await test.post('/v1/chat/completions', chat()))).toBe('main')
  const events = await test.sink.waitFor(2)
  expect(events).toMatchObject([
    { model: 'm', outcome: 'success' },
    { model: 's', outcome: 'error', tags: { shadowOf: events[0]?.id } },
  ])
  expect(shadow.seen[0]?.json['messages']).toEqual(chat().messages)
})

describe('a caller that leaves', () => {
  const startAndLeave = async (test: Awaited<ReturnType<typeof startGateway>>) => {
    const leave = new AbortController()
    // In process, so that the gateway knows of it before the test goes on.
    const response = await test.gateway.fetch(`${test.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${test.key}` },
      body: JSON.stringify(chat({ stream: true })),
      signal: leave.signal,
    })
    await response.body?.getReader().read()
    leave.abort()
  }

  it('stops the upstream at once by default', async () => {
    await using upstream = await startUpstream((res) => {
      startSse(res)
      res.write(textFrame('one'))
    })
    await using test = await startGateway(oneModel(upstream.baseUrl))
    await startAndLeave(test)
    await upstream.seen[0]?.aborted
    expect(await test.sink.waitFor(1)).toMatchObject([
      { outcome: 'aborted', status: 499, outputTokens: 1, usageSource: 'estimate', attempts: [{ outcome: 'aborted' }] },
    ])
  })

  it('is read on for its usage where the policy says so', async () => {
    const left = Promise.withResolvers<undefined>()
    await using upstream = await startUpstream(async (res) => {
      startSse(res)
      res.write(textFrame('one'))
      await left.promise
      res.write('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n')
      res.write('data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\n')
      res.end('data: [DONE]\n\n')
    })
    await using test = await startGateway({ ...oneModel(upstream.baseUrl), disconnect: { kind: 'drain-for-usage' } })
    await startAndLeave(test)
    left.resolve(undefined)
    expect(await test.sink.waitFor(1)).toMatchObject([{ outcome: 'aborted', status: 499, inputTokens: 3, outputTokens: 4 }])
  })

  it('before any content stops the upstream too', async () => {
    await using upstream = await startUpstream(() => undefined)
    await using test = await startGateway(oneModel(upstream.baseUrl))
    const leave = new AbortController()
    const pending = test.gateway.chat(chat(), { apiKey: test.key, signal: leave.signal })
    await expect.poll(() => upstream.seen.length).toBe(1)
    leave.abort(new Error('changed my mind'))
    await expect(pending).rejects.toThrow('changed my mind')
    await upstream.seen[0]?.aborted
    expect(await test.sink.waitFor(1)).toMatchObject([{ outcome: 'aborted' }])
  })
})

it('pauses an upstream whose caller does not read', async () => {
  const frame = textFrame('x'.repeat(10_000))
  let written = 0
  let paused = false
  await using upstream = await startUpstream(async (res) => {
    startSse(res)
    while (written < 200_000_000 && !res.destroyed) {
      written += frame.length
      if (res.write(frame)) continue
      const drained = await Promise.race([
        new Promise((resolve) => res.once('drain', () => resolve(true))),
        new Promise((resolve) => setTimeout(() => resolve(false), 300)),
      ])
      if (drained === false) {
        paused = true
        return
      }
    }
  })
  await using test = await startGateway({ ...oneModel(upstream.baseUrl), timeouts: { idleMs: 60_000 } })
  const leave = new AbortController()
  await fetch(`${test.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${test.key}` },
    body: JSON.stringify(chat({ stream: true })),
    signal: leave.signal,
  })
  await expect.poll(() => paused, { timeout: 10_000 }).toBe(true)
  expect(written).toBeLessThan(100_000_000)
  leave.abort()
})
