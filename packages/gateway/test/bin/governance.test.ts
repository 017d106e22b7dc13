/** The command as an operator's whole product: limits, money, administration, audit and hooks of real processes. */
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createKey, get, post, run, serve, statusOf, urlOf, type Running } from '../support/bud-gateway.ts'
import { createDirectory, type TestDirectory } from '../support/directory.ts'
import { onOneDay } from '../support/one-day.ts'
import { wellBehaved } from '../support/openai-answers.ts'
import { startUpstream } from '../support/upstream.ts'

// Each test starts a few processes from source, which takes seconds on a busy machine.
const timeout = 90_000

const credential = 'an-operator-word-of-40-characters-or-so'
const env = { ADMIN: credential }
const price = { inputUsdPerMillionTokens: 1_000, outputUsdPerMillionTokens: 2_000 }
let asked = 0
/** A question that no cache knows. Its answer has 11 tokens in and 7 out, as the upstream counts them: 0.025 dollars. */
const ask = (url: string, key: string, fields: Record<string, unknown> = {}) => post(url, key, { seed: (asked += 1), ...fields })

const hooks = `
export default {
  request: (call) => (new TextDecoder().decode(call.body).includes('forbidden word') ? { refuse: 'not here' } : undefined),
}
`

async function start(directory: TestDirectory, more: readonly string[] = []) {
  const stack = new AsyncDisposableStack()
  const upstream = stack.use(await startUpstream(wellBehaved('hello')))
  const data = ['--data-dir', join(directory.path, 'data')]
  const targets = [{ provider: 'openai-compatible', baseUrl: upstream.baseUrl }]
  const listen = { port: 0, admin: { port: 0, credential: 'env:ADMIN' } }
  await directory.write('my-hooks.js', hooks)
  const file = { models: { m: { targets, price } }, blocking: {}, cache: {}, hooks: './my-hooks.js', listen }
  const config = await directory.write('gateway.json', file)
  const running = stack.use(serve(['--config', config, ...data, ...more], env))
  const url = await urlOf(running)
  return { url, admin: await adminOf(running), running, data, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** Calls the administrator's routes of a running command. */
async function adminOf(running: Running) {
  const base = String((await running.line('listening'))['adminUrl'])
  return async (method: string, path: string, body?: unknown, token = credential) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' }
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(`${base}${path}`, { method, headers, ...(body === undefined ? {} : { body: text }) })
    // What the routes answer is an object.
    return { status: response.status, body: (await response.json()) as Record<string, never> }
  }
}

/** Asks again until it is so; vitest's own time is the bound. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await wait(20)
}

const linesOf = (out: string): readonly Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('one process', () => {
  onOneDay('counts money for keys that a reload has begun to ask for', { timeout }, async () => {
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const data = ['--data-dir', join(directory.path, 'data')]
    const { key } = await createKey(data)
    const models = { m: { targets: [{ provider: 'openai-compatible', baseUrl: upstream.baseUrl }], price } }
    const config = await directory.write('gateway.json', { models, listen: { port: 0 }, auth: { kind: 'none' } })
    await using running = serve(['--config', config, '--no-watch', ...data], env)
    const url = await urlOf(running)
    await directory.write('gateway.json', { models, listen: { port: 0 } })
    running.child.kill('SIGHUP')
    await running.line('the configuration was reloaded')
    expect([await statusOf(ask(url, 'none')), await statusOf(ask(url, key))]).toEqual([401, 200])
    await until(async () => (await run(['spend', '--by', 'project', ...data])).out.includes('total\t$0.025'))
  })

  it('takes the address of a webhook from standard input, and shows its origin alone', { timeout }, async () => {
    await using directory = await createDirectory()
    const data = ['--data-dir', join(directory.path, 'data')]
    const put = ['budgets', 'put', 'b', '--subject', 'all', '--usd', '5', '--webhook', '-', '--json', ...data]
    const { code, out } = await run(put, {}, 'https://hooks.example/services/secret\n')
    expect([code, JSON.parse(out)]).toMatchObject([0, { webhook: { url: 'https://hooks.example/[hidden]' } }])
    expect((await run(put)).err).toContain('standard input')
  })

  onOneDay('is governed by its routes and its commands alike: keys, limits, budgets, prices, spend, audit', { timeout }, async () => {
    await using directory = await createDirectory()
    await using test = await start(directory)
    const { admin, url, data } = test
    // Nobody without the credential.
    expect((await admin('GET', '/keys', undefined, 'a-guess')).status).toBe(401)
    const inference = await createKey(data)
    await until(async () => (await admin('GET', '/keys', undefined, inference.key)).status === 403)
    expect((await admin('GET', '/openapi.json')).body).toMatchObject({ openapi: '3.1.0' })
    // A key with limits, made by a command, holds in the running gateway.
    const created = await run(['keys', 'create', '--name', 'two', '--project', 'search', '--limit', 'requests=2/day', '--json', ...data])
    const { key, id } = linesOf(created.out)[0] as { key: string; id: string }
    await until(async () => (await statusOf(ask(url, key))) === 200)
    expect(await statusOf(ask(url, key))).toBe(200)
    expect(await statusOf(ask(url, key))).toBe(429)
    expect((await run(['keys', 'list', ...data])).out).toContain('requests=2/day')
    const widened = await run(['keys', 'update', id, '--limit', 'requests=3/day', '--limit', 'usd=50/month', ...data])
    expect(widened.err).toBe('')
    await until(async () => (await statusOf(ask(url, key))) === 200)
    expect(await statusOf(ask(url, key))).toBe(429)
    // A budget with a hard stop, put by a route, stops the project.
    const made = await admin('POST', '/keys', { name: 'route', projectId: 'docs' })
    expect(made.status).toBe(201)
    const budget = { subject: { kind: 'project', id: 'docs' }, limitUsd: 0.05, stop: true }
    expect((await admin('PUT', '/budgets/docs', budget)).status).toBe(200)
    await until(async () => (await statusOf(ask(url, String(made.body['key']), { max_tokens: 7 }))) === 429)
    expect((await run(['budgets', 'list', ...data])).out).toMatch(/^docs\t.*\$0\.05.*stops$/m)
    expect(JSON.parse((await run(['budgets', 'show', 'docs', ...data])).out)).toMatchObject({ budget: { id: 'docs', stop: true } })
    // Why each cent, to the last.
    await until(async () => {
      const spend = await run(['spend', '--by', 'project', '--project', 'search', '--json', ...data])
      return spend.out.includes(`"requests":3`)
    })
    const spend = await run(['spend', '--by', 'project,key', '--project', 'search', ...data])
    expect(spend.out).toBe(`search\t${id}\t3\t33\t21\t$0.075\ntotal\t$0.075\n`)
    // A price at run time goes before that of the file.
    const put = await run([
      'prices',
      'put',
      'cheap',
      '--model',
      'm',
      '--input',
      '1',
      '--output',
      '0',
      '--valid-from',
      '2020-01-01',
      ...data,
    ])
    expect(put.err).toBe('')
    expect((await run(['prices', 'list', ...data])).out).toContain('"model":"m"')
    // The file is the place of the configuration.
    expect((await admin('GET', '/config')).body).toMatchObject({ models: { m: { targets: [{ provider: 'openai-compatible' }] } } })
    const refused = await admin('PUT', '/config', { models: {} })
    expect([refused.status, refused.body['error']]).toMatchObject([409, { code: 'GATEWAY_CONFIG_IN_FILE' }])
    expect((await admin('PUT', '/blocking/nobody', { kind: 'address', addresses: ['192.0.2.0/24'] })).status).toBe(200)
    expect((await admin('POST', '/cache/purge', {})).status).toBe(200)
    expect((await admin('POST', '/keys', '{"name":')).status).toBe(400)
    // All of it leaves its trace, whoever did it.
    await until(async () => (await admin('GET', '/audit?limit=1000')).body['data'] !== undefined)
    const trail = linesOf((await run(['audit', 'list', '--limit', '1000', '--json', ...data])).out)
    const actions = trail.map(({ action, actor, outcome }) => [action, (actor as { id: string }).id.replace(/:.*/, ''), outcome].join(' '))
    for (const expected of [
      'listKeys-refused unknown refused',
      'key-create command success',
      'key-create operator success',
      'key-create operator refused',
      'key-update command success',
      'budget-put operator success',
      'price-put command success',
      'config-put operator refused',
      'blocking-put operator success',
      'cache-purge operator success',
    ])
      expect(actions).toContain(expected)
    for (const secret of [credential, key, inference.key]) {
      expect(JSON.stringify(trail)).not.toContain(secret)
      expect(JSON.stringify(test.running.lines)).not.toContain(secret)
    }
  })

  onOneDay('runs the hooks of its file, and lets a key with the scope admin administer', { timeout }, async () => {
    await using directory = await createDirectory()
    await using test = await start(directory)
    const { key } = await createKey(test.data)
    await until(async () => (await statusOf(ask(test.url, key))) === 200)
    const refused = await post(test.url, key, { messages: [{ role: 'user', content: 'forbidden word' }] })
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('not here')])
    const operator = await createKey(test.data, 'admin')
    await until(async () => (await test.admin('GET', '/projects', undefined, operator.key)).status === 200)
    const made = await test.admin('POST', '/projects', { id: 'docs', limits: [{ kind: 'concurrency', limit: 3 }] }, operator.key)
    expect(made.body).toMatchObject({ id: 'docs' })
    expect((await run(['projects', 'list', ...test.data])).out).toContain('docs\tdocs\tenabled\tconcurrency=3')
    expect((await run(['audit', 'list', '--actor', operator.id, ...test.data])).out).toContain('project-create\tdocs\tsuccess')
  })
})

describe('workers', () => {
  onOneDay('serve the same routes, whichever is asked, and count the money of all', { timeout }, async () => {
    await using directory = await createDirectory()
    await using test = await start(directory, ['--workers', '2'])
    const made = await test.admin('POST', '/keys', { name: 'n', projectId: 'p', limits: [{ kind: 'requests', limit: 4, window: 'day' }] })
    const key = String(made.body['key'])
    let admitted = 0
    // The other worker learns of the key a moment later.
    for (let left = 200; left > 0 && admitted < 4; left -= 1) admitted += (await statusOf(ask(test.url, key))) === 200 ? 1 : 0
    expect(admitted).toBe(4)
    for (let count = 0; count < 4; count += 1) expect(await statusOf(ask(test.url, key))).toBe(429)
    const day = new Date().toISOString().slice(0, 10)
    await until(async () => {
      const spend = await test.admin('GET', `/spend?from=${day}&to=${day}&by=project`)
      return spend.body['totalUsd'] === '0.1'
    })
    // Both workers refuse what one of them was told to.
    await test.admin('POST', `/keys/${String(made.body['id'])}/revoke`, {})
    const revokedAtMs = performance.now()
    let refusedInARow = 0
    while (refusedInARow < 4) {
      refusedInARow = (await statusOf(get(`${test.url}/v1/models`, key))) === 401 ? refusedInARow + 1 : 0
      expect(performance.now() - revokedAtMs).toBeLessThan(1_000)
    }
  })
})

it('a configuration whose administrator could be guessed, or shares the port of callers, is refused', { timeout }, async () => {
  await using directory = await createDirectory()
  const models = { m: { targets: [{ provider: 'vllm', baseUrl: 'http://127.0.0.1:9/v1' }] } }
  const config = await directory.write('gateway.json', { models, listen: { port: 8_080, admin: { port: 8_080, credential: 'short' } } })
  const { code, err } = await run(['check', '--config', config])
  expect(code).toBe(1)
  expect(err).toContain('listen.admin.credential: has fewer than 24 characters')
  expect(err).toContain('listen.admin.port: is the port of listen.port')
})
