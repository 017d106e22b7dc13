/** Several gateways with several workers each over one real Valkey or Redis: keys and revocations are everywhere at once. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createValkeyStore } from '@bud-foundry/core/store/valkey'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKey, post, run, serve, statusOf, urlOf } from '../support/bud-gateway.ts'
import { ValkeyServer } from '../limit/valkey-server.ts'
import { createDirectory } from '../support/directory.ts'
import { wellBehaved } from '../support/openai-answers.ts'
import { startUpstream } from '../support/upstream.ts'

const address = process.env['BUD_TEST_VALKEY_URL']
if (address === undefined)
  throw new Error('BUD_TEST_VALKEY_URL is not set: start a server with scripts/services, or set redis://127.0.0.1:<port>')

const timeout = 90_000
/** A database of its own: other tests use the first. */
const database = '5'
const url = `${address.replace(/^redis/, 'valkey')}/${database}`
const store = ['--store', url]

const clean = async () => {
  await using keys = await createValkeyStore({ url: `${address}/${database}` })
  for await (const key of keys.list('gateway/keys/')) await keys.delete(key)
}
beforeAll(clean)
afterAll(clean)

async function startFleet() {
  const stack = new AsyncDisposableStack()
  const directory = stack.use(await createDirectory())
  const upstream = stack.use(await startUpstream(wellBehaved('hello')))
  const targets = [{ provider: 'openai-compatible', baseUrl: upstream.baseUrl }]
  const config = await directory.write('gateway.json', { models: { m: { targets } }, listen: { port: 0 } })
  // Two machines, as far as they can tell: nothing but the store is common to them.
  const machines = [
    stack.use(serve(['--config', config, '--workers', '2', '--log-level', 'info', ...store])),
    stack.use(serve(['--config', config, ...store])),
  ]
  const urls = await Promise.all(machines.map(urlOf))
  return { machines, urls, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** Asks every gateway until all workers answer with this status; connections go to workers in turn, so four in a row have met both. */
async function allAnswer(urls: readonly string[], key: string, status: number, row = 4): Promise<void> {
  const startMs = performance.now()
  for (const each of urls) {
    let inARow = 0
    while (inARow < row) {
      inARow = (await statusOf(post(each, key))) === status ? inARow + 1 : 0
      expect(performance.now() - startMs).toBeLessThan(2_000)
    }
  }
}

it('a key opens every worker of every machine as soon as it is made, and none once it is revoked', { timeout }, async () => {
  const before = await createKey(store)
  await using fleet = await startFleet()
  await allAnswer(fleet.urls, before.key, 200)
  const during = await createKey(store)
  await allAnswer(fleet.urls, during.key, 200)
  const { code, out } = await run(['keys', 'revoke', before.id, ...store])
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining(before.id) })
  await allAnswer(fleet.urls, before.key, 401)
  await allAnswer(fleet.urls, during.key, 200)
  const { out: list } = await run(['keys', 'list', '--json', ...store])
  const listed = list
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; revokedUnixMs?: number })
  expect(listed.map(({ id, revokedUnixMs }) => [id, revokedUnixMs !== undefined])).toEqual([
    [before.id, true],
    [during.id, false],
  ])
})

it(
  'a key that is revoked while the store hangs is refused by all workers at once, and by everybody when it goes on',
  { timeout },
  async () => {
    await using server = await ValkeyServer.start()
    await using directory = await createDirectory()
    await using upstream = await startUpstream(wellBehaved('hello'))
    const own = ['--store', server.url]
    const credential = 'an-operator-word-of-40-characters-or-so'
    const targets = [{ provider: 'openai-compatible', baseUrl: upstream.baseUrl }]
    const listen = { port: 0, admin: { port: 0, credential: 'env:ADMIN' } }
    const config = await directory.write('gateway.json', { models: { m: { targets } }, listen })
    const { id, key } = await createKey(own)
    const data = join(directory.path, 'data')
    await using running = serve(['--config', config, '--workers', '3', '--data-dir', data, ...own], { ADMIN: credential })
    const urls = [await urlOf(running)]
    const admin = String((await running.line('listening'))['adminUrl'])
    await allAnswer(urls, key, 200, 9)
    server.suspend()
    const revoking = fetch(`${admin}/keys/${id}/revoke`, { method: 'POST', headers: { authorization: `Bearer ${credential}` } })
    await allAnswer(urls, key, 401, 9)
    const revoked = await revoking
    expect([revoked.status, await revoked.text()]).toEqual([503, expect.stringContaining('GATEWAY_REVOCATION_PENDING')])
    expect(await readdir(join(data, 'pending-revocations'))).toEqual([`${id}.revoked`])
    server.goOn()
    await expect.poll(async () => (await run(['keys', 'list', '--json', ...own])).out, { timeout: 30_000 }).toContain('revokedUnixMs')
    await expect.poll(() => readdir(join(data, 'pending-revocations')), { timeout: 10_000 }).toEqual([])
    await allAnswer(urls, key, 401, 9)
  },
)

it('the address may come from the environment, and a password in it is shown nowhere', { timeout }, async () => {
  const env = { STORE_URL: url.replace('://', '://nobody:hidden-word@') }
  const { code, out, err } = await run(['keys', 'list', '--store', 'env:STORE_URL'], env)
  expect(code).not.toBe(0)
  expect(out + err).not.toContain('hidden-word')
})
