import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RequestEvent } from '@bud-foundry/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, failToStart, startServer, type RunningServer } from './server-process.ts'

const model = 'meta-llama/Llama-3.1-8B-Instruct'
let folder = ''
const running: RunningServer[] = []
const start = async (env: Record<string, string> = {}) => {
  const server = await startServer({ dataDirectory: join(folder, 'data'), env })
  running.push(server)
  return server
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bud-start-'))
})
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

// Safe in a test: a wrong shape makes the assertions on it fail.
const rows = async (server: RunningServer) =>
  ((await (await server.call('/api/metrics/requests?limit=100')).json()) as { data: RequestEvent[] }).data
const childrenOf = (pid: number) =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child ?? 0)
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a restart keeps rows, keys and revocations, and prints the same admin key', { timeout: 90_000 }, async () => {
  const first = await start()
  const make = async (name: string) => (await (await first.call('/api/keys', { body: { name } })).json()) as { id: string; key: string }
  const kept = await make('kept')
  const revoked = await make('revoked')
  await first.call(`/api/keys/${revoked.id}`, { method: 'DELETE' })
  await (
    await first.call('/v1/chat/completions', { body: { model, messages: [{ role: 'user', content: 'hi' }], max_tokens: 3 }, key: kept.key })
  ).text()
  const { code } = await first.stop()
  expect(code).toBe(0)

  const second = await start()
  expect(second.apiKey).toBe(first.apiKey)
  expect((await second.call('/v1/models', { key: kept.key })).status).toBe(200)
  expect((await second.call('/v1/models', { key: revoked.key })).status).toBe(401)
  expect((await rows(second)).filter(({ keyId, status }) => keyId === kept.id && status === 200)).toHaveLength(1)
})

test('a crash loses no request that was answered, and leaves no engine behind', { timeout: 90_000 }, async () => {
  const first = await start()
  await (await first.call('/v1/chat/completions', { body: { model, messages: [{ role: 'user', content: 'hi' }], max_tokens: 3 } })).text()
  await eventually(async () => ((await rows(first)).length > 0 ? true : undefined), 'the row')
  const engines = childrenOf(first.pid)
  expect(engines).toHaveLength(2)
  await first.stop('SIGKILL')
  await eventually(() => Promise.resolve(engines.some(isAlive) ? undefined : true), 'the end of the engines')
  expect(await rows(await start())).toHaveLength(1)
})

test(
  'SIGTERM lets a short request finish, ends a long stream with a typed error that is recorded, and exits within 10 s',
  { timeout: 90_000 },
  async () => {
    const server = await start()
    const engines = childrenOf(server.pid)
    const ask = (maxTokens: number) =>
      server.call('/v1/chat/completions', {
        body: {
          model,
          messages: [{ role: 'user', content: 'Tell me a very long story.' }],
          stream: true,
          max_tokens: maxTokens,
          ignore_eos: true,
        },
      })
    const [long, short] = await Promise.all([ask(20_000), ask(150)])
    const texts = Promise.all([long.text(), short.text()])
    const { code, tookMs } = await server.stop()
    const [longText, shortText] = await texts
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(10_000)
    expect(shortText).toContain('[DONE]')
    expect(longText).toContain('"error"')
    expect(longText).not.toContain('[DONE]')
    expect(engines.filter(isAlive)).toEqual([])
    const outcomes = (await rows(await start())).map(({ outcome }) => outcome).sort()
    expect(outcomes).toEqual(['partial', 'success'])
  },
)

test('a second server on the same data directory or port says so and exits, and the first one stays', { timeout: 90_000 }, async () => {
  const first = await start()
  const sameDirectory = await failToStart({ dataDirectory: join(folder, 'data') })
  expect(sameDirectory.code).toBe(1)
  expect(sameDirectory.output).toContain('SERVER_DATA_DIRECTORY_LOCKED')
  const samePort = await failToStart({ dataDirectory: join(folder, 'other'), env: { BUD_PORT: new URL(first.url).port } })
  expect(samePort.code).toBe(1)
  expect(samePort.output).toContain('SERVER_PORT_TAKEN')
  expect(samePort.output).toContain('BUD_PORT')
  expect((await first.call('/health')).status).toBe(200)
})

test('a data directory that cannot be used, or a variable that makes no sense, is refused with the fix', { timeout: 60_000 }, async () => {
  writeFileSync(join(folder, 'file'), '')
  const unwritable = await failToStart({ dataDirectory: join(folder, 'file', 'below') })
  expect(unwritable.output).toContain('BUD_DATA_DIR')
  const badPort = await failToStart({ dataDirectory: join(folder, 'x'), env: { BUD_PORT: 'many' } })
  expect([badPort.code, unwritable.code]).toEqual([1, 1])
  expect(badPort.output).toContain("BUD_PORT: 'many' is not a whole number")
  expect(badPort.output).not.toContain('    at ')
})

test(
  'an upstream from the environment serves its models; one that refuses leaves the rest alone, and its key stays out of the log',
  { timeout: 90_000 },
  async () => {
    const canary = 'sk-canary-0123456789abcdef0123456789abcdef'
    const upstream = createServer((request, response) => {
      response.setHeader('content-type', 'application/json')
      if (request.headers.authorization !== `Bearer ${canary}`) response.writeHead(401).end('{"error":{"message":"no"}}')
      else if (request.url === '/v1/models') response.end('{"object":"list","data":[{"id":"real-model"}]}')
      else
        response.end(
          '{"id":"1","object":"chat.completion","created":1,"model":"real-model","choices":[{"index":0,"message":{"role":"assistant","content":"from upstream"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}',
        )
    }).listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    const address = upstream.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const server = await start({
      BUD_UPSTREAM_URL: `http://127.0.0.1:${String(port)}/v1`,
      BUD_UPSTREAM_API_KEY: canary,
      OPENAI_API_KEY: canary,
      OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
    })
    const ask = (name: string) =>
      server.call('/v1/chat/completions', { body: { model: name, messages: [{ role: 'user', content: 'hi' }], max_tokens: 2 } })
    expect(await (await ask('real-model')).text()).toContain('from upstream')
    expect((await ask(model)).status).toBe(200)
    upstream.close()
    upstream.closeAllConnections()
    const refused = await ask('real-model')
    expect([502, 503]).toContain(refused.status)
    expect(await refused.text()).toContain('"error"')
    expect(server.output()).not.toContain(canary)
  },
)
