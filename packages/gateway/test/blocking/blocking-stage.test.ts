/** Blocking in a gateway: before the key, in the caller's dialect, with an event. */
import { expect, it } from 'vitest'
import { chat, oneModel, startGateway } from '../support/gateway.ts'
import { completion, sendJson } from '../support/openai-answers.ts'
import { startUpstream } from '../support/upstream.ts'

const trusted = { headers: { trustedProxies: 1 } }
const from = (address: string, more: Record<string, string> = {}) => ({ 'x-forwarded-for': address, ...more })
const geo = { lookup: (address: string) => (address === '203.0.113.5' ? { country: 'FR' } : { country: 'DE' }) }

it('refuses before the key is checked, in the dialect of the caller, and records why', async () => {
  await using upstream = await startUpstream((res) => sendJson(res, 200, completion('hello')))
  const blocking = {
    rules: [{ id: 'office', kind: 'address', addresses: ['203.0.113.0/30'] } as const, { kind: 'country', countries: ['FR'] } as const],
  }
  await using test = await startGateway({ ...oneModel(upstream.baseUrl), ...trusted, blocking }, { geo })
  const wrongKey = await test.post('/v1/messages', chat({ max_tokens: 5 }), from('203.0.113.1', { authorization: 'Bearer wrong' }))
  expect(wrongKey.status).toBe(403)
  const answer = await wrongKey.text()
  expect(JSON.parse(answer)).toMatchObject({ type: 'error', error: { type: 'permission_error' } })
  expect(answer).not.toMatch(/office|address|203\./)
  expect((await test.post('/v1/chat/completions', chat(), from('203.0.113.5'))).status).toBe(403)
  expect((await test.post('/v1/chat/completions', chat(), from('203.0.113.9'))).status).toBe(200)
  expect((await test.post('/v1/chat/completions', chat(), from('203.0.113.9, 203.0.113.1'))).status).toBe(403)
  expect((await test.post('/v1/chat/completions', chat(), from('203.0.113.1:1234'))).status).toBe(403)
  expect((await test.post('/v1/chat/completions', chat(), from('[203.0.113.1]:80'))).status).toBe(403)
  expect(await test.sink.waitFor(6)).toMatchObject([
    {
      outcome: 'rejected',
      status: 403,
      errorCode: 'GATEWAY_BLOCKED',
      clientIp: '203.0.113.1',
      tags: { blockedBy: 'address' },
      blockRuleId: 'office',
    },
    { tags: { blockedBy: 'country' }, blockRuleId: 'config.1' },
    { outcome: 'success' },
    { tags: { blockedBy: 'address' } },
    { clientIp: '203.0.113.1' },
    { clientIp: '203.0.113.1' },
  ])
  expect(test.gateway.metricsText()).toContain('bud_gateway_blocked_total{reason="address"} 4')
  expect(upstream.seen).toHaveLength(1)
})

it('counts rates, guesses at keys included, and tells when to come back', async () => {
  await using upstream = await startUpstream((res) => sendJson(res, 200, completion('hello')))
  const blocking = { rules: [{ kind: 'rate', limit: 4, windowMs: 60_000 } as const] }
  await using test = await startGateway({ ...oneModel(upstream.baseUrl), ...trusted, blocking })
  const ask = async (address: string, key?: string) =>
    (await test.post('/v1/chat/completions', chat(), from(address, key === undefined ? {} : { authorization: `Bearer ${key}` }))).status
  expect([await ask('203.0.113.1', 'guess'), await ask('203.0.113.1', 'guess')]).toEqual([401, 401])
  const statuses = await Promise.all(Array.from({ length: 10 }, () => ask('203.0.113.1')))
  expect(statuses.filter((status) => status === 200)).toHaveLength(2)
  expect(statuses.filter((status) => status === 429)).toHaveLength(8)
  expect(await ask('203.0.113.1', 'guess')).toBe(429)
  const late = await test.post('/v1/chat/completions', chat(), from('203.0.113.1'))
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await ask('203.0.113.2')).toBe(200)
})

it('changes rules while it runs, and keeps them when the configuration changes', async () => {
  await using upstream = await startUpstream((res) => sendJson(res, 200, completion('hello')))
  const config = { ...oneModel(upstream.baseUrl), ...trusted, blocking: {} }
  await using test = await startGateway(config)
  const ask = async () => (await test.post('/v1/chat/completions', chat(), from('203.0.113.1'))).status
  expect(await ask()).toBe(200)
  const rule = await test.gateway.blocking?.add({ kind: 'address', addresses: ['203.0.113.1'] })
  expect(await ask()).toBe(403)
  await test.gateway.updateConfig(config)
  expect(await ask()).toBe(403)
  await test.gateway.blocking?.remove(rule?.id ?? '')
  expect(await ask()).toBe(200)
  await expect(test.gateway.blocking?.add({ kind: 'country', countries: ['FR'] })).rejects.toMatchObject({
    code: 'GATEWAY_BLOCKING_RULE_INVALID',
  })
})

it('tags events with program and country of the caller', async () => {
  await using upstream = await startUpstream((res) => sendJson(res, 200, completion('hello')))
  await using test = await startGateway({ ...oneModel(upstream.baseUrl), ...trusted, clientInfo: true }, { geo })
  await test.post('/v1/chat/completions', chat(), from('203.0.113.5', { 'user-agent': 'OpenAI/Python 1.2.3' }))
  const tags = { clientName: 'OpenAI/Python', clientVersion: '1.2.3' }
  expect(await test.sink.waitFor(1)).toMatchObject([{ tags, countryCode: 'FR', deviceType: 'program', isBot: false }])
})

it('keeps the rules in force when a new configuration is refused, whatever part of it is wrong', async () => {
  await using upstream = await startUpstream((res) => sendJson(res, 200, completion('hello')))
  const good = {
    ...oneModel(upstream.baseUrl),
    ...trusted,
    blocking: { rules: [{ kind: 'address', addresses: ['203.0.113.1'] } as const] },
  }
  await using test = await startGateway(good)
  const bad = {
    ...good,
    blocking: { rules: [{ kind: 'address', addresses: ['203.0.113.2'] } as const] },
    guardrails: { rails: {}, attach: [{ rails: ['nowhere'] }] },
  }
  await expect(test.gateway.checkConfig(bad)).rejects.toThrow(/nowhere/)
  await expect(test.gateway.updateConfig(bad)).rejects.toThrow(/nowhere/)
  const status = async (address: string) => (await test.post('/v1/chat/completions', chat(), from(address))).status
  expect([await status('203.0.113.1'), await status('203.0.113.2')]).toEqual([403, 200])
  await test.gateway.updateConfig({ ...bad, guardrails: undefined })
  expect([await status('203.0.113.1'), await status('203.0.113.2')]).toEqual([200, 403])
})

it('keeps the prices in force when a new configuration is refused', async () => {
  await using upstream = await startUpstream((res) => sendJson(res, 200, completion('hello')))
  const priced = (outputUsdPerMillionTokens: number) => {
    const config = oneModel(upstream.baseUrl)
    const [model] = Object.values(config.models)
    return { ...config, models: { m: { ...model, price: { inputUsdPerMillionTokens: 1, outputUsdPerMillionTokens } } } }
  }
  await using test = await startGateway(priced(2))
  const costOf = async () => {
    expect((await test.post('/v1/chat/completions', chat())).status).toBe(200)
    return (await test.sink.waitFor(1)).at(-1)?.costUsd
  }
  const before = await costOf()
  const bad = { ...priced(1_000), guardrails: { rails: {}, attach: [{ rails: ['nowhere'] }] } }
  await expect(test.gateway.updateConfig(bad)).rejects.toThrow(/nowhere/)
  expect((await test.post('/v1/chat/completions', chat())).status).toBe(200)
  expect((await test.sink.waitFor(2)).at(-1)?.costUsd).toBe(before)
  expect(before).toBeGreaterThan(0)
})
