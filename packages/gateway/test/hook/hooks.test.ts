/** Hooks: what they may change, what they hear, and what happens when one fails or takes too long. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { createGateway, defineHooks, type HookName, type Hooks } from '../../src/index.ts'
import { loadHooks } from '../../src/hook/load-hooks.ts'
import { createDirectory } from '../support/directory.ts'
import { chat, oneModel, startGateway } from '../support/gateway.ts'
import { completion, sendJson, wellBehaved } from '../support/openai-answers.ts'
import { startUpstream } from '../support/upstream.ts'

it('hears of every point of a call, in order, with one object for the call', async () => {
  await using bad = await startUpstream((res) => {
    sendJson(res, 500, { error: { message: 'no' } })
  })
  await using good = await startUpstream(wellBehaved('hello world'))
  const seen: string[] = []
  const calls = new Set<object>()
  const hooks = defineHooks({
    request: (call) => void (calls.add(call), seen.push(`request ${call.model}`)),
    route: (call, candidates) => void (calls.add(call), seen.push(`route ${candidates.map(({ target }) => target.id).join(' ')}`)),
    attempt: (_call, attempt) => void seen.push(`attempt ${attempt.phase} ${attempt.targetId}`),
    chunk: (_call, { streaming }) => {
      if (!seen.includes('chunk')) seen.push('chunk')
      expect(streaming).toBe(true)
    },
    error: (_call, { code, targetId }) => void seen.push(`error ${code} ${targetId ?? 'request'}`),
    usage: (_call, { outputTokens }) => void seen.push(`usage ${outputTokens}`),
    finish: async (call, { outcome }) => void (calls.add(call), seen.push(`finish ${outcome}`)),
  })
  await using test = await startGateway(oneModel(bad.baseUrl, good.baseUrl), { hooks })
  await (await test.post('/v1/chat/completions', chat({ stream: true }))).text()
  await test.sink.waitFor(1)
  // A short stream ends while its only chunk is on its way.
  expect(seen.filter((line) => line === 'chunk')).toHaveLength(1)
  expect(seen.filter((line) => line !== 'chunk')).toEqual([
    'request m',
    'route a b',
    'attempt start a',
    'attempt end a',
    expect.stringMatching(/^error GATEWAY_\w+ a$/),
    'attempt start b',
    'attempt end b',
    'usage 7',
    'finish success',
  ])
  expect(calls.size).toBe(1)
})

it('changes a request, its route and its answer, or refuses it', async () => {
  await using a = await startUpstream(wellBehaved('from a'))
  await using b = await startUpstream(wellBehaved('from b'))
  const hooks = defineHooks({
    request: async (call) => {
      if (call.header('x-forbidden') !== undefined) return { refuse: 'Not today.' }
      call.setResponseHeader('x-seen', 'yes')
      return { body: { ...(JSON.parse(Buffer.from(call.body).toString()) as object), temperature: 0 } }
    },
    route: (_call, candidates) => candidates.filter(({ target }) => target.id === 'b'),
    chunk: (_call, { data, streaming }) => (streaming ? { ...data, note: 'piece' } : { ...data, note: 'whole' }),
  })
  await using test = await startGateway(oneModel(a.baseUrl, b.baseUrl), { hooks })
  const whole = await test.post('/v1/chat/completions', chat())
  expect(whole.headers.get('x-seen')).toBe('yes')
  expect(await whole.json()).toMatchObject({ note: 'whole', choices: [{ message: { content: 'from b' } }] })
  expect(b.seen[0]?.json['temperature']).toBe(0)
  expect(await (await test.post('/v1/chat/completions', chat({ stream: true }))).text()).toMatch(/"note":"piece".*\[DONE\]/s)
  const refused = await test.post('/v1/chat/completions', chat(), { 'x-forbidden': '1' })
  expect(refused.status).toBe(403)
  expect(await refused.json()).toMatchObject({ error: { message: 'Not today.', code: 'hook_refused' } })
  expect(a.seen).toHaveLength(0)
})

const never = () => new Promise<undefined>(() => undefined)
const broken = () => {
  throw new Error('broken')
}

it.each(
  (['request', 'route', 'attempt', 'chunk'] satisfies HookName[]).flatMap((name) =>
    [broken, ...(name === 'request' || name === 'chunk' ? [never] : [])].map(
      (run) => [name, run === never ? 'takes too long' : 'throws', run] as const,
    ),
  ),
)('a %s hook that %s closes or opens, as configured', async (name, _, run) => {
  await using upstream = await startUpstream((res) => {
    sendJson(res, 200, completion('fine'))
  })
  const hooks = (failPolicy: 'closed' | 'open'): Hooks => ({ [name]: { run, budgetMs: 30, failPolicy } })
  await using closed = await startGateway(oneModel(upstream.baseUrl), { hooks: hooks('closed') })
  const response = await closed.post('/v1/chat/completions', chat())
  expect(response.status).toBe(500)
  expect(await response.text()).toMatch(/hook_failed/)
  await using open = await startGateway(oneModel(upstream.baseUrl), { hooks: hooks('open') })
  expect((await open.post('/v1/chat/completions', chat())).status).toBe(200)
  expect(open.gateway.metricsText()).toMatch(new RegExp(`bud_gateway_hook_failures_total\\{hook="${name}",fail_policy="open"\\} \\d`))
})

it.each([
  ['request', 5],
  ['request', { refuse: 5 }],
  ['request', { body: [] }],
  ['request', { body: { model: 'another', messages: [] } }],
  ['request', { body: new Date(0) }],
  ['request', { refuse: 'no', body: {} }],
  ['request', { body: { model: 'm', count: 1n } }],
  ['route', []],
  ['route', [{}]],
  ['route', 5],
  ['chunk', 'xyz'],
  ['chunk', 5],
  ['chunk', ['xyz']],
  ['chunk', new Date(0)],
  ['chunk', { count: 1n }],
  ['chunk', null],
  ['chunk', Promise.resolve('xyz')],
] as const)('a %s hook that gives %o has failed', async (name, value) => {
  await using upstream = await startUpstream(wellBehaved('fine'))
  // What a caller without types can write.
  const hooks = (failPolicy: 'closed' | 'open') => ({ [name]: () => value, failPolicy }) as unknown as Hooks
  await using closed = await startGateway(oneModel(upstream.baseUrl), { hooks: hooks('closed') })
  const response = await closed.post('/v1/chat/completions', chat())
  expect([response.status, response.headers.get('retry-after')]).toEqual([500, null])
  expect(await response.text()).toMatch(/hook_failed/)
  // A piece of a stream may be left out.
  if (name === 'chunk' && value !== null)
    expect(await (await closed.post('/v1/chat/completions', chat({ stream: true }))).text()).toMatch(/hook_failed/)
  await using open = await startGateway(oneModel(upstream.baseUrl), { hooks: hooks('open') })
  expect((await open.post('/v1/chat/completions', chat())).status).toBe(200)
})

it('gives the route hook its targets back only as the objects that they are', async () => {
  await using upstream = await startUpstream(wellBehaved('fine'))
  const hooks = defineHooks({ route: (_call, candidates) => [...candidates, ...candidates.map((candidate) => ({ ...candidate }))] })
  await using test = await startGateway(oneModel(upstream.baseUrl), { hooks })
  const response = await test.post('/v1/chat/completions', chat())
  expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('hook_failed')])
})

it.each([
  ['x-title', 'naïve – ✓'],
  ['x-title', 'a\r\nb: c'],
  ['x title', 'fine'],
  ['x-title', 5],
] as const)('a request hook that sets the header %j to %j has failed, and its call ends', async (name, value) => {
  await using upstream = await startUpstream(wellBehaved('fine'))
  // What a caller without types can write.
  const hooks = defineHooks({
    request: (call) => {
      call.setResponseHeader(name, value as string)
    },
  })
  await using test = await startGateway(oneModel(upstream.baseUrl), { hooks })
  const response = await test.post('/v1/chat/completions', chat())
  expect(response.status).toBe(500)
  expect(await response.text()).toMatch(/hook_failed/)
  await test.sink.waitFor(1)
  expect(test.gateway.inFlight).toBe(0)
})

// It starts a process from source, which takes seconds on a busy machine.
it('keeps a process alive that waits for nothing but a hook', { timeout: 30_000 }, async () => {
  const program = `
    import { createGateway } from '@bud-foundry/gateway'
    const models = { m: { targets: [{ provider: 'vllm', baseUrl: 'http://127.0.0.1:9' }] } }
    const hooks = { request: { run: () => new Promise(() => undefined), budgetMs: 20 } }
    await using gateway = createGateway({ auth: { kind: 'none' }, models }, { hooks })
    await gateway.chat({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }).catch(() => console.log('refused'))`
  const args = ['--conditions=bud-source', '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
  expect(stdout.trim()).toBe('refused')
})

it('a hook that fails after the call has ended changes nothing, and is counted', async () => {
  await using upstream = await startUpstream(wellBehaved('fine'))
  await using test = await startGateway(oneModel(upstream.baseUrl), { hooks: { finish: broken, usage: { run: never, budgetMs: 1 } } })
  expect((await test.post('/v1/chat/completions', chat())).status).toBe(200)
  await test.gateway.close()
  expect(test.gateway.metricsText()).toContain('bud_gateway_hook_failures_total{hook="finish",fail_policy="closed"} 1')
  expect(test.gateway.metricsText()).toContain('bud_gateway_hook_failures_total{hook="usage",fail_policy="closed"} 1')
})

it('refuses hooks that nobody would call', () => {
  // What a caller without types can write.
  for (const hooks of [{ reqest: () => undefined }, { request: 5 }] as unknown as Hooks[])
    expect(() => createGateway({ models: {}, auth: { kind: 'none' } }, { hooks })).toThrow(/hook 'reqe?u?est'/)
})

it('reads a file of hooks, and tells what is wrong with it', async () => {
  await using directory = await createDirectory()
  const file = (name: string, text: string) => directory.write(name, text)
  const good = await loadHooks(await file('good.ts', 'export default { request: (call: object): void => void call, budgetMs: 5 }'))
  expect(good.request).toBeTypeOf('function')
  await expect(loadHooks(await file('named.mjs', 'export const hooks = { finish: { run() {} } }'))).resolves.toBeDefined()
  await expect(loadHooks(await file('typo.mjs', 'export default { reqest() {} }'))).rejects.toThrow(/there is no hook 'reqest'/)
  await expect(loadHooks(await file('data.mjs', 'export default { request: 1 }'))).rejects.toThrow(/'request' is no function/)
  await expect(loadHooks(await file('empty.mjs', ''))).rejects.toThrow(/exports no hooks/)
  await expect(loadHooks(join(directory.path, 'absent.mjs'))).rejects.toMatchObject({ code: 'GATEWAY_HOOKS_UNREADABLE' })
})
