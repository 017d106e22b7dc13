/** Which headers cross the gateway, in both directions, and who may call it from a browser. */
import { describe, expect, it } from 'vitest'
import { chat, oneModel, startGateway } from './support/gateway.ts'
import { completion, sendJson, wellBehaved } from './support/openai-answers.ts'
import { startUpstream } from './support/upstream.ts'

it('passes on what the policy names, and never identity or hops', async () => {
  await using upstream = await startUpstream((res) => {
    sendJson(res, 200, completion('x'), {
      'x-ratelimit-remaining-requests': '7',
      'x-internal': 'no',
      'set-cookie': 'a=b',
      'openai-version': '2020',
    })
  })
  await using test = await startGateway({
    ...oneModel(upstream.baseUrl),
    headers: { toUpstream: ['x-tenant', 'x-trace-*', 'cookie', 'authorization'] },
  })
  const sent = {
    'x-tenant': 't1',
    'x-trace-a': '1',
    'x-other': 'no',
    cookie: 'session=1',
    'openai-organization': 'theirs',
    forwarded: 'for=1.2.3.4',
  }
  const response = await test.post('/v1/chat/completions', chat(), sent)
  const got = upstream.seen[0]?.headers ?? {}
  expect(got).toMatchObject({ 'x-tenant': 't1', 'x-trace-a': '1' })
  for (const name of ['x-other', 'cookie', 'authorization', 'openai-organization', 'forwarded', 'x-forwarded-for'])
    expect(got).not.toHaveProperty(name)
  expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('7')
  expect(response.headers.get('openai-version')).toBe('2020')
  expect(response.headers.get('x-internal')).toBeNull()
  expect(response.headers.get('set-cookie')).toBeNull()
})

it('keeps the idempotency keys of callers to itself: an upstream sees one credential, and callers choose the same words', async () => {
  await using upstream = await startUpstream(wellBehaved('x'))
  await using test = await startGateway(oneModel(upstream.baseUrl))
  await (await test.post('/v1/chat/completions', chat(), { 'idempotency-key': 'order-7', 'openai-beta': 'x=1' })).text()
  expect(upstream.seen[0]?.headers).toMatchObject({ 'openai-beta': 'x=1' })
  expect(upstream.seen[0]?.headers).not.toHaveProperty('idempotency-key')
})

it('believes as many entries of X-Forwarded-For as there are own proxies', async () => {
  await using upstream = await startUpstream(wellBehaved('x'))
  const forwarded = { 'x-forwarded-for': '6.6.6.6, 1.2.3.4, 10.0.0.1' }
  for (const [trustedProxies, expected] of [
    [0, '127.0.0.1'],
    [1, '10.0.0.1'],
    [2, '1.2.3.4'],
  ] as const) {
    await using test = await startGateway({ ...oneModel(upstream.baseUrl), headers: { trustedProxies } })
    await (await test.post('/v1/chat/completions', chat(), forwarded)).text()
    expect(await test.sink.waitFor(1)).toMatchObject([{ clientIp: expected }])
  }
})

describe('cross-origin access', () => {
  const preflight = (url: string, origin: string) =>
    fetch(url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } })

  it('is granted to the configured origins, preflight without a key included', async () => {
    await using upstream = await startUpstream(wellBehaved('x'))
    await using test = await startGateway({ ...oneModel(upstream.baseUrl), cors: { origins: ['https://app.example'] } })
    const url = `${test.baseUrl}/chat/completions`
    const allowed = await preflight(url, 'https://app.example')
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(allowed.headers.get('access-control-allow-methods')).toBe('POST')
    const asked = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, x-stainless-os',
      },
    })
    expect(asked.headers.get('access-control-allow-headers')).toBe('authorization, x-stainless-os')
    expect((await preflight(url, 'https://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
    const answer = await test.post('/v1/chat/completions', chat(), { origin: 'https://app.example' })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-request-id')
    const error = await fetch(url, { method: 'POST', headers: { origin: 'https://app.example' } })
    expect(error.status).toBe(401)
    expect(error.headers.get('access-control-allow-origin')).toBe('https://app.example')
  })

  it('is off unless configured', async () => {
    await using test = await startGateway({ models: {} })
    const response = await preflight(`${test.baseUrl}/chat/completions`, 'https://app.example')
    expect(response.status).toBe(405)
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
  })
})
