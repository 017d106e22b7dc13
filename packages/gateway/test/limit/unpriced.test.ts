/** Spend limits and models without a price: said at the start and by a check, refused where the configuration says so. */
import { createMemoryStore, type ConfigIssue, type LogFields, type Logger } from '@bud-foundry/core'
import { expect, it } from 'vitest'
import { createGateway, createKeyRing, type GatewayConfigInput } from '../../src/index.ts'
import { chat, startGateway } from '../support/gateway.ts'
import { wellBehaved } from '../support/openai-answers.ts'
import { startUpstream } from '../support/upstream.ts'

const price = { inputUsdPerMillionTokens: 1, outputUsdPerMillionTokens: 2 }
const target = (baseUrl = 'http://127.0.0.1:9/v1') => [{ provider: 'openai-compatible', baseUrl, model: 'x' }]
const spend = { kind: 'spend', limitUsd: 5, window: 'hour' } as const

function createLines() {
  const warned: LogFields[] = []
  const none = () => undefined
  const warn = (message: string, fields: LogFields = {}) => {
    if (message === 'this may not be what was meant') warned.push(fields)
  }
  const logger: Logger = { debug: none, info: none, error: none, warn }
  return { logger, warned }
}

async function warningsOf(config: GatewayConfigInput): Promise<readonly ConfigIssue[]> {
  await using gateway = createGateway({ auth: { kind: 'none' }, models: {} })
  return await gateway.checkConfig({ auth: { kind: 'none' }, ...config })
}

it('a check names the model and the limits that count it, whether it is reached by its name, a fallback or a variant', async () => {
  const models = {
    free: { targets: target() },
    priced: { targets: target(), price },
    falls: { targets: target(), price, fallbacks: ['free'] },
    splits: { variants: [{ model: 'free', weight: 1 }] },
  }
  const pathsOf = async (rule: { readonly models?: string[] }) =>
    (await warningsOf({ models, rateLimits: { rules: [{ ...spend, ...rule }] } })).map(({ path }) => path)
  expect(await pathsOf({})).toEqual(['models.free', 'models.falls'])
  expect(await pathsOf({ models: ['priced'] })).toEqual([])
  expect(await pathsOf({ models: ['fal*'] })).toEqual(['models.falls'])
  expect(await pathsOf({ models: ['splits'] })).toEqual(['models.free'])
  const [warning] = await warningsOf({ models, rateLimits: { rules: [spend] } })
  expect(warning?.message).toMatch(/free\/1.*free under.*rateLimits\.rules\.0$/)
  expect(await warningsOf({ models, rateLimits: { rules: [{ kind: 'requests', limit: 1, window: 'hour' }] } })).toEqual([])
})

it('the start names the limits on keys, and the stops of budgets on projects', async () => {
  await using store = createMemoryStore()
  await using keys = createKeyRing({ store })
  const { record } = await keys.create({ name: 'k', limits: [spend] })
  const gone = await keys.create({ name: 'gone', limits: [spend] })
  await keys.revoke(gone.record.id)
  await keys.create({ name: 'other', models: ['priced'], limits: [{ ...spend, name: 'elsewhere' }] })
  await keys.projects.create({ id: 'docs', limits: [{ ...spend, name: 'budget-docs' }] })
  const { logger, warned } = createLines()
  const models = { m: { targets: target() }, priced: { targets: target(), price } }
  await using gateway = createGateway({ models }, { store, logger })
  await gateway.ready
  expect(warned).toMatchObject([{ path: 'models.m' }])
  const problem = String(warned[0]?.['problem'])
  expect(problem).toContain(`spend of the key ${record.id}, budget-docs of the project docs`)
  for (const unsaid of [gone.record.id, 'elsewhere']) expect(problem).not.toContain(unsaid)
  // A price that an administrator sets counts, and so does a configuration that comes later.
  await gateway.prices.put('m', { subject: { model: 'm' }, price, validFrom: '2026-01-01' })
  await gateway.updateConfig({ models })
  expect(warned).toHaveLength(1)
})

it("with unpriced 'refuse' such calls are refused by name, and go on once there is a price", async () => {
  await using upstream = await startUpstream(wellBehaved('hello'))
  const models = {
    m: { targets: target(upstream.baseUrl), price, fallbacks: ['free'] },
    free: { targets: target(upstream.baseUrl) },
    uncounted: { targets: target(upstream.baseUrl) },
  }
  const rules = [{ ...spend, name: 'money', models: ['m', 'free'] }]
  await using test = await startGateway({ models, rateLimits: { rules, unpriced: 'refuse' } })
  const ask = async (model: string) => {
    const response = await test.post('/v1/chat/completions', chat({ model }))
    return [response.status, await response.text()] as const
  }
  for (const model of ['m', 'free']) {
    const [status, body] = await ask(model)
    expect(status).toBe(403)
    expect(JSON.parse(body)).toMatchObject({
      error: { code: 'model_not_priced', message: expect.stringMatching(/'free\/1'.*'money'/) as string },
    })
  }
  expect((await ask('uncounted'))[0]).toBe(200)
  await test.gateway.prices.put('free', { subject: { model: 'free' }, price, validFrom: '2026-01-01' })
  expect([(await ask('m'))[0], (await ask('free'))[0]]).toEqual([200, 200])
  expect(upstream.seen).toHaveLength(3)
})
