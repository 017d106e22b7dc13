/** Administration over HTTP and in process: one table of operations behind both, one error shape, and a trace of everything that changes. */
import { auditEventSchema, createMemoryStore, createSecret, type AuditEvent, type LogFields, type Logger } from '@bud-foundry/core'
import { createMemorySink } from '@bud-foundry/core/testing'
import { createEnvelope, generateEnvelopeKey, type Envelope } from '@bud-foundry/core/secret'
import { beforeAll, describe, expect, it } from 'vitest'
import { createAdmin, createAdminHandler, createAuditLog, createConfigAdmin, type AdminHandlerOptions } from '../../src/admin/index.ts'
import {
  createBudgets,
  createCredentialVault,
  createGateway,
  createGovernanceAdmin,
  createSpendLedger,
  gatewayErrors,
} from '../../src/index.ts'

const anyone: AdminHandlerOptions['authorize'] = () => ({ id: 'operator', clientIp: '192.0.2.1' })

let envelope: Envelope
// Its key takes a moment, and many moments on a busy machine.
beforeAll(async () => {
  envelope = createEnvelope({ keys: [await generateEnvelopeKey('test')], activeKeyId: 'test' })
}, 60_000)

async function start(authorize = anyone) {
  const store = createMemoryStore()
  const sink = createMemorySink()
  const lines: { readonly message: string; readonly fields: LogFields | undefined }[] = []
  const write = (message: string, fields?: LogFields) => {
    lines.push({ message, fields })
  }
  const logger: Logger = { debug: write, info: write, warn: write, error: write }
  const credentials = createCredentialVault({ store, envelope })
  const gateway = createGateway(
    { models: { m: { targets: [{ provider: 'vllm', baseUrl: 'http://127.0.0.1:9/v1', credential: 'sk-config-secret' }] } } },
    { store },
  )
  await gateway.ready
  if (gateway.keys === undefined) expect.fail('there are keys')
  const governance = createGovernanceAdmin({ keys: gateway.keys, credentials })
  const fetcher = { fetch: () => Promise.resolve({ status: 204 }) }
  const budgets = createBudgets({ store, admin: governance, fetcher })
  const spend = createSpendLedger({ store })
  const purged: unknown[] = []
  const cache = {
    purge: (filter: object) => {
      purged.push(filter)
      return Promise.resolve(3)
    },
  }
  const audit = createAuditLog({ sink, logger })
  const admin = createAdmin({ governance, prices: gateway.prices, budgets, spend, cache, config: createConfigAdmin(gateway), audit })
  const handler = createAdminHandler(admin, { authorize, basePath: '/api/admin' })
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const init = body === undefined ? { method } : { method, body: typeof body === 'string' ? body : JSON.stringify(body) }
    const response = await handler(
      new Request(`http://gateway/api/admin${path}`, { ...init, headers: { 'x-request-id': 'request-7', ...headers } }),
    )
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) as Record<string, never> }
  }
  const audited = async (): Promise<readonly AuditEvent[]> => {
    await audit.flush()
    return sink.events.map((event) => auditEventSchema.parse(event))
  }
  return {
    admin,
    call,
    audited,
    lines,
    purged,
    gateway,
    budgets,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([budgets[Symbol.asyncDispose](), spend[Symbol.asyncDispose](), audit[Symbol.asyncDispose]()])
      await gateway.close({ graceMs: 0 })
    },
  }
}

describe('keys', () => {
  it('are made, shown once, listed without hash, rotated, revoked and forgotten, each with its trace', async () => {
    await using test = await start()
    const made = await test.call('POST', '/keys', {
      name: 'team',
      projectId: 'p',
      limits: [{ kind: 'requests', limit: 5, window: 'minute' }],
    })
    expect(made.status).toBe(201)
    const { id, key } = made.body as unknown as { id: string; key: string }
    const listed = await test.call('GET', '/keys?projectId=p')
    expect(JSON.stringify(listed.body)).toContain(id)
    expect(JSON.stringify(listed.body)).not.toContain('hash')
    expect(JSON.stringify(listed.body)).not.toContain(key)
    const rotated = await test.call('POST', `/keys/${id}/rotate`, { overlapMs: 1_000 })
    expect(rotated.body).toHaveProperty('key')
    expect(rotated.body['key']).not.toBe(key)
    expect((await test.call('PATCH', `/keys/${id}`, { name: 'renamed', limits: null })).body).toMatchObject({ name: 'renamed' })
    expect((await test.call('POST', `/keys/${id}/revoke`)).body).toHaveProperty('revokedUnixMs')
    expect((await test.call('DELETE', `/keys/${id}`)).body).toEqual({ id, deleted: true })
    expect((await test.call('GET', `/keys/${id}`)).status).toBe(404)
    const trace = await test.audited()
    expect(trace.map(({ action }) => action)).toEqual(['key-create', 'key-rotate', 'key-update', 'key-revoke', 'key-delete'])
    expect(trace[2]).toMatchObject({
      actor: { id: 'operator', clientIp: '192.0.2.1' },
      subject: { kind: 'key', id },
      before: { name: 'team' },
      after: { name: 'renamed' },
      outcome: 'success',
      requestId: 'request-7',
    })
    const everything = JSON.stringify([trace, test.lines])
    for (const secret of [key, String(rotated.body['key']), 'hash']) expect(everything).not.toContain(secret)
    expect(test.lines.filter(({ message }) => message === 'audit')).toHaveLength(5)
  })
})

describe('credentials', () => {
  it('go in and never come out', async () => {
    await using test = await start()
    expect((await test.call('PUT', '/credentials/openai', { secret: 'sk-very-secret' })).status).toBe(200)
    const listed = await test.call('GET', '/credentials')
    expect(listed.body).toMatchObject({ data: [{ name: 'openai' }] })
    const everything = JSON.stringify([listed.body, await test.audited(), test.lines, (await test.call('GET', '/config')).body])
    expect(everything).not.toContain('sk-very-secret')
    expect(everything).not.toContain('sk-config-secret')
    expect((await test.call('GET', '/credentials/openai')).status).toBe(405)
  })
})

describe('projects and users', () => {
  it.each(['project', 'user'])('a %s is made, changed and forgotten', async (kind) => {
    await using test = await start()
    expect(
      (await test.call('POST', `/${kind}s`, { id: 'x', limits: [{ kind: 'spend', limitUsd: 5, window: { calendar: 'month' } }] })).status,
    ).toBe(201)
    expect((await test.call('PATCH', `/${kind}s/x`, { disabled: true })).body).toMatchObject({ disabled: true, limits: [{ limitUsd: 5 }] })
    expect((await test.call('GET', `/${kind}s`)).body).toMatchObject({ data: [{ id: 'x' }] })
    expect((await test.call('DELETE', `/${kind}s/x`)).status).toBe(200)
    expect((await test.audited()).map(({ action }) => action)).toEqual([`${kind}-create`, `${kind}-update`, `${kind}-delete`])
  })
})

describe('prices, budgets and spend', () => {
  const price = { subject: { model: 'm' }, price: { inputUsdPerMillionTokens: 1 }, validFrom: '2026-01-01' }

  it('a price is set, found under its version, and taken away', async () => {
    await using test = await start()
    expect((await test.call('PUT', '/prices/p1', price)).body).toMatchObject({ id: 'p1' })
    const { data } = (await test.call('GET', '/prices')).body as unknown as { data: { version: string; origin: string }[] }
    expect(data[0]?.origin).toBe('admin')
    expect((await test.call('GET', `/price-versions/${encodeURIComponent(data[0]?.version ?? '')}`)).body).toMatchObject(price)
    expect((await test.call('DELETE', '/prices/p1')).status).toBe(200)
    expect((await test.call('DELETE', '/prices/p1')).status).toBe(404)
  })

  it('a price that cannot be exact changes nothing', async () => {
    await using test = await start()
    const wrong = await test.call('PUT', '/prices/p1', { ...price, price: { inputUsdPerMillionTokens: 0.00000001 } })
    expect(wrong).toMatchObject({ status: 400, body: { error: { code: 'CORE_CONFIG_INVALID' } } })
    expect((await test.call('GET', '/prices')).body['set']).toEqual([])
    expect(await test.audited()).toMatchObject([{ action: 'price-put', outcome: 'refused', errorCode: 'CORE_CONFIG_INVALID' }])
  })

  it('a budget is put, shown with its window, and deleted', async () => {
    await using test = await start()
    expect((await test.call('PUT', '/budgets/b', { subject: { kind: 'project', id: 'p' }, limitUsd: 5, stop: true })).status).toBe(200)
    expect((await test.call('GET', '/budgets/b')).body).toMatchObject({ spentUsd: 0, remainingUsd: 5, budget: { id: 'b' } })
    expect((await test.call('DELETE', '/budgets/b')).status).toBe(200)
  })

  it('a webhook goes in and never comes out: not in answers, not in the audit, and it stays when it is sent back as it was shown', async () => {
    await using test = await start()
    const url = 'https://hooks.slack.example/services/T0/B0/very-secret-path'
    const budget = { subject: { kind: 'all' }, limitUsd: 5, webhook: { url } }
    const put = await test.call('PUT', '/budgets/b', budget)
    expect(put).toMatchObject({ status: 200, body: { webhook: { url: 'https://hooks.slack.example/[hidden]' } } })
    const { id: _, ...shown } = put.body
    expect((await test.call('PUT', '/budgets/b', { ...shown, limitUsd: 6 })).status).toBe(200)
    expect(test.budgets.get('b')).toMatchObject({ limitUsd: 6, webhook: { url } })
    const answers = [await test.call('GET', '/budgets'), await test.call('GET', '/budgets/b'), await test.call('DELETE', '/budgets/b')]
    for (const seen of [put, answers, await test.audited(), test.lines]) expect(JSON.stringify(seen)).not.toContain('very-secret-path')
  })

  it.each([
    'https://hooks.example/[hidden]',
    'https://hooks.example/%5Bhidden%5D',
    'https://user:word@hooks.example/',
    'https://u@hooks.example/x',
  ])('a webhook of %s is refused where no budget has it: alerts would go nowhere, or a password would be shown', async (url) => {
    await using test = await start()
    await test.call('PUT', '/budgets/other', { subject: { kind: 'all' }, limitUsd: 5, webhook: { url: 'https://hooks.example/secret' } })
    const answer = await test.call('PUT', '/budgets/b', { subject: { kind: 'all' }, limitUsd: 5, webhook: { url } })
    expect(answer).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining('webhook.url') as string } } })
    expect(JSON.stringify(answer.body)).not.toContain('user:word')
    expect(test.budgets.get('b')).toBeUndefined()
  })

  it('spend is asked for by dimension, and a wrong dimension is named', async () => {
    await using test = await start()
    expect((await test.call('GET', '/spend?from=2026-11-01&to=2026-11-30&by=key,price')).body).toEqual({
      lines: [],
      totalUsd: '0',
      isPartial: false,
    })
    const wrong = await test.call('GET', '/spend?from=2026-11-01&to=2026-11-30&by=moon')
    expect(wrong).toMatchObject({ status: 400, body: { error: { details: [{ path: expect.stringContaining('by') as string }] } } })
    expect((await test.call('GET', '/spend?from=2026-12-01&to=2026-11-30')).status).toBe(400)
  })
})

describe('the configuration', () => {
  const valid = { models: { other: { targets: [{ provider: 'vllm', baseUrl: 'http://127.0.0.1:9/v1' }] } } }

  it('is checked without a change, and put in force', async () => {
    await using test = await start()
    expect((await test.call('POST', '/config/check', valid)).body).toEqual({ valid: true, applied: false })
    expect(Object.keys(test.gateway.config.models)).toEqual(['m'])
    expect((await test.call('PUT', '/config', valid)).body).toEqual({ valid: true, applied: true })
    expect(Object.keys(test.gateway.config.models)).toEqual(['other'])
  })

  it.each(['POST /config/check', 'PUT /config'])('%s tells every problem, and nothing changes', async (route) => {
    await using test = await start()
    const [method = '', path = ''] = route.split(' ')
    const wrong = await test.call(method, path, { models: { m: { targets: [{ provider: 7 }], weight: 'x' } } })
    const { error } = wrong.body as unknown as { error: { details: { path: string }[] } }
    expect(wrong.status).toBe(400)
    expect(error.details.length).toBeGreaterThan(1)
    expect(Object.keys(test.gateway.config.models)).toEqual(['m'])
    expect((await test.call(method, path, { models: { m: { targets: [{ provider: 'nobody' }] } } })).body).toMatchObject({
      error: { code: 'GATEWAY_UNKNOWN_PROVIDER' },
    })
  })
})

describe('the cache', () => {
  it('is purged by filter', async () => {
    await using test = await start()
    expect((await test.call('POST', '/cache/purge', { model: 'm' })).body).toEqual({ purged: 3 })
    expect(test.purged).toEqual([{ model: 'm' }])
  })
})

describe('every error', () => {
  const shape = { error: { code: expect.any(String) as string, message: expect.any(String) as string } }

  it.each([
    ['an unknown path', 'GET', '/nothing', undefined, 404],
    ['another base', 'GET', '/../other', undefined, 404],
    ['a wrong method', 'PUT', '/keys', {}, 405],
    ['no JSON', 'POST', '/keys', '{"name":', 400],
    ['a misspelt field', 'POST', '/keys', { name: 'x', scopez: [] }, 400],
    ['a wrong type', 'POST', '/keys', { name: 7 }, 400],
    ['a field that stands twice', 'POST', '/keys', '{"name":"a","\\u006eame":"b"}', 400],
    ['a field that stands twice inside', 'POST', '/keys', '{"name":"a","tags":{"t":"1","t":"2"}}', 400],
    ['a control character in a name', 'POST', '/keys', { name: 'a\u0000b' }, 400],
    ['a new line in the name of a project', 'POST', '/projects', { id: 'p', name: 'a\nb' }, 400],
    ['half a character in a tag', 'POST', '/keys', { name: 'a', tags: { t: '\ud800' } }, 400],
    ['a broken escape', 'GET', '/keys/%E0%A4%A', undefined, 400],
    ['an unknown query', 'GET', '/keys?x=1', undefined, 400],
    ['a repeated query', 'GET', '/keys?projectId=a&projectId=b', undefined, 400],
    ['nothing there', 'PATCH', '/keys/none', { name: 'x' }, 404],
    ['a part that is not there', 'GET', '/blocking', undefined, 404],
    ['an endless body', 'POST', '/keys', 'x'.repeat(5 * 1024 * 1024), 413],
  ])('for %s has one shape', async (_name, method, path, body, status) => {
    await using test = await start()
    const answer = await test.call(method, path, body)
    expect(answer).toMatchObject({ status, body: shape })
    expect(Object.keys(answer.body)).toEqual(['error'])
    expect(answer.headers.get('x-request-id')).toBe('request-7')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    if (status === 405) expect(answer.headers.get('allow')).toBe('GET, POST')
  })

  it('refuses whom authorize refuses, before anything is read', async () => {
    await using test = await start(() => {
      throw gatewayErrors.INVALID_API_KEY({ reason: 'missing' })
    })
    expect((await test.call('POST', '/keys', { name: 'x' })).status).toBe(401)
    expect((await test.call('GET', '/openapi.json')).status).toBe(401)
    expect((await test.call('GET', '/keys')).status).toBe(401)
  })

  it('leaves a trace of whoever was refused before the operation began: unknown, unreadable, too large', async () => {
    await using test = await start((request) => {
      if (request.headers.get('x-known') === null) throw gatewayErrors.INVALID_API_KEY({ reason: 'unknown' })
      return { id: 'operator' }
    })
    await test.call('POST', '/keys', { name: 'n' })
    await test.call('GET', '/keys')
    await test.call('POST', '/keys', '{"name":', { 'x-known': 'yes' })
    await test.call('POST', '/keys', `"${'x'.repeat(5 * 1024 * 1024)}"`, { 'x-known': 'yes' })
    expect(await test.audited()).toMatchObject([
      { action: 'key-create', actor: { id: 'unknown' }, outcome: 'refused', errorCode: 'GATEWAY_INVALID_API_KEY', requestId: 'request-7' },
      { action: 'listKeys-refused', actor: { id: 'unknown' }, outcome: 'refused' },
      { action: 'key-create', actor: { id: 'operator' }, outcome: 'refused', errorCode: 'GATEWAY_INVALID_JSON' },
      { action: 'key-create', actor: { id: 'operator' }, outcome: 'refused', errorCode: 'GATEWAY_REQUEST_TOO_LARGE' },
    ])
    // Whoever guesses on and on does not fill the trail.
    for (let count = 0; count < 200; count += 1) await test.call('POST', '/keys', { name: 'n' })
    expect((await test.audited()).length).toBeLessThan(70)
  })

  it('names in the audit whoever is known and may not', async () => {
    const refused = gatewayErrors.INSUFFICIENT_SCOPE({ scope: 'admin' })
    await using test = await start(() => ({ actor: { id: 'key-1', name: 'ci', clientIp: '192.0.2.1' }, refused }))
    expect((await test.call('POST', '/keys', { name: 'n' })).status).toBe(403)
    expect((await test.call('GET', '/openapi.json')).status).toBe(403)
    expect(await test.audited()).toMatchObject([
      { action: 'key-create', actor: { id: 'key-1', name: 'ci' }, outcome: 'refused', errorCode: 'GATEWAY_INSUFFICIENT_SCOPE' },
    ])
  })

  it('of our own making says nothing about the inside', async () => {
    await using test = await start(() => {
      throw new Error('the inside')
    })
    const { status, body } = await test.call('GET', '/keys')
    expect([status, JSON.stringify(body)]).toEqual([500, expect.not.stringContaining('inside')])
  })
})

describe('the OpenAPI document', () => {
  it('has every operation that is there, with schemas, and none that is not', async () => {
    await using test = await start()
    const { body } = await test.call('GET', '/openapi.json')
    const { paths } = body as unknown as { paths: Record<string, Record<string, { operationId: string; responses: object }>> }
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
    expect(ids.sort()).toEqual([...test.admin.operations.keys()].sort())
    expect(ids).not.toContain('listBlockingRules')
    expect(paths['/keys']?.['post']).toMatchObject({
      requestBody: { content: { 'application/json': { schema: { required: ['name'], properties: { projectId: { type: 'string' } } } } } },
    })
    expect(paths['/spend']?.['get']).toMatchObject({
      parameters: [{ name: 'from', in: 'query', required: true }, {}, {}, {}, {}, {}, {}, {}, {}, {}],
    })
    expect((await test.call('POST', '/openapi.json')).status).toBe(405)
  })
})

describe('typed calls', () => {
  it('do what the routes do, and leave the same trace', async () => {
    await using test = await start()
    const caller = { actor: { id: 'script' } }
    const made = await test.admin.call('createKey', { body: { name: 'typed' } }, caller)
    expect(test.gateway.keys?.authenticate(made.key)).toMatchObject({ kind: 'accepted' })
    expect(await test.admin.call('listKeys', {}, caller)).toMatchObject({ data: [{ name: 'typed' }] })
    await expect(test.admin.call('getKey', { params: { id: 'none' } }, caller)).rejects.toThrow(/there is no key 'none'/)
    expect(await test.audited()).toMatchObject([{ action: 'key-create', actor: { id: 'script' } }])
  })

  it('hide what looks like a secret, whatever an operation would have put in', async () => {
    const sink = createMemorySink()
    await using audit = createAuditLog({ sink })
    audit.record({
      actor: { id: 'a' },
      action: 'x',
      subject: { kind: 'y' },
      outcome: 'success',
      requestId: 'r',
      after: { nested: { apiKey: 'sk-1', password: 'p' }, secret: createSecret('s') },
    })
    await audit.flush()
    expect(JSON.stringify(sink.events)).not.toMatch(/sk-1|"p"|"s"/)
  })
})
