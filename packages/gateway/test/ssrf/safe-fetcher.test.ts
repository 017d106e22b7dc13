/** Fetching URLs that somebody else chose, against real sockets and a resolver that lies. */
import { createFakeClock } from '@bud-foundry/core/testing'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createSafeFetcher } from '../../src/ssrf/safe-fetcher.ts'

/** Listens on every loopback address, so that one of them can play the public internet. */
async function startServer(listener: RequestListener): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer({ keepAliveTimeout: 1 }, listener)
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo
  return {
    port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  }
}

/** Public as far as these tests go. */
const publicAddress = '127.0.0.2'
const privateAddress = '127.0.0.1'
const allow = [`${publicAddress}/32`]
const close = { connection: 'close' }

it('fetches from a public address', async () => {
  await using server = await startServer((req, res) =>
    res.writeHead(201, close).end(`${req.method ?? ''} ${req.headers['x-a']?.toString() ?? ''}`),
  )
  await using fetcher = createSafeFetcher({ allow, resolve: async () => [publicAddress] })
  const answer = await fetcher.fetch({
    url: `http://hook.example:${String(server.port)}/x`,
    method: 'POST',
    headers: { 'x-a': '1' },
    body: Buffer.from('{}'),
  })
  expect(answer).toMatchObject({ status: 201 })
  expect(Buffer.from(answer.body).toString()).toBe('POST 1')
})

it('refuses a name that turns to a private address between two calls', async () => {
  const seen: (string | undefined)[] = []
  await using server = await startServer((req, res) => {
    seen.push(req.socket.localAddress)
    res.writeHead(200, close).end('ok')
  })
  const answers = [publicAddress, privateAddress]
  await using fetcher = createSafeFetcher({ allow, resolve: async () => [answers.shift() ?? privateAddress] })
  const url = `http://rebind.example:${String(server.port)}/`
  expect((await fetcher.fetch({ url })).status).toBe(200)
  await expect(fetcher.fetch({ url })).rejects.toMatchObject({ code: 'GATEWAY_URL_REFUSED', details: { reason: 'loopback' } })
  expect(seen).toEqual([publicAddress])
})

it('dials the address that it checked: DNS is asked once for each connection', async () => {
  let asked = 0
  await using server = await startServer((req, res) => res.writeHead(200, close).end(req.socket.localAddress))
  await using fetcher = createSafeFetcher({ allow, resolve: async () => [++asked === 1 ? publicAddress : privateAddress] })
  const answer = await fetcher.fetch({ url: `http://rebind.example:${String(server.port)}/` })
  expect(Buffer.from(answer.body).toString()).toBe(publicAddress)
  expect(asked).toBe(1)
})

it('refuses a name of which any address is private', async () => {
  await using fetcher = createSafeFetcher({ allow, resolve: async () => [publicAddress, '10.0.0.1'] })
  await expect(fetcher.fetch({ url: 'http://two.example:1/' })).rejects.toMatchObject({ code: 'GATEWAY_URL_REFUSED' })
})

describe('a private address in the URL', () => {
  const spellings = [
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '169.254.169.254',
    '０',
  ]
  it.each(spellings)('is refused, spelled %s', async (host) => {
    await using fetcher = createSafeFetcher({ resolve: async () => ['8.8.8.8'] })
    await expect(fetcher.fetch({ url: `http://${host}:1/` })).rejects.toMatchObject({ code: 'GATEWAY_URL_REFUSED' })
  })
})

it.each(['ftp://hook.example/', 'file:///etc/passwd', 'http://user:secret@hook.example/', 'no url', 'http://'])(
  'refuses the URL %s',
  async (url) => {
    await using fetcher = createSafeFetcher({ resolve: async () => ['8.8.8.8'] })
    const failure = await fetcher.fetch({ url }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'GATEWAY_URL_REFUSED', status: 400 })
    expect(String(failure)).not.toContain('secret')
  },
)

it('does not tell the caller which address it found', async () => {
  await using fetcher = createSafeFetcher({ resolve: async () => ['10.11.12.13'] })
  const failure = await fetcher.fetch({ url: 'http://inside.example/' }).catch((error: unknown) => error)
  expect(String(failure)).not.toMatch(/10\.11|private/)
})

it('checks where a redirect leads, and sends it no headers of the first origin', async () => {
  const seen: unknown[] = []
  await using server = await startServer((req, res) => {
    seen.push([req.headers.host?.split(':')[0], req.headers.authorization])
    const port = String(server.port)
    if (req.url === '/away') res.writeHead(302, { ...close, location: `http://other.example:${port}/end` }).end()
    else if (req.url === '/inside') res.writeHead(302, { ...close, location: `http://127.0.0.1:${port}/end` }).end()
    else if (req.url === '/loop') res.writeHead(302, { ...close, location: '/loop' }).end()
    else res.writeHead(200, close).end('end')
  })
  await using fetcher = createSafeFetcher({ allow, resolve: async () => [publicAddress] })
  const origin = `http://hook.example:${String(server.port)}`
  const headers = { authorization: 'Bearer x' }
  expect((await fetcher.fetch({ url: `${origin}/away`, headers })).url.hostname).toBe('other.example')
  expect(seen).toEqual([
    ['hook.example', 'Bearer x'],
    ['other.example', undefined],
  ])
  await expect(fetcher.fetch({ url: `${origin}/inside` })).rejects.toMatchObject({ code: 'GATEWAY_URL_REFUSED' })
  await expect(fetcher.fetch({ url: `${origin}/loop` })).rejects.toMatchObject({ code: 'GATEWAY_URL_FETCH_FAILED' })
  expect((await fetcher.fetch({ url: `${origin}/away`, method: 'POST' })).status).toBe(302)
})

it('gives up on an answer that is too large, or too late', async () => {
  await using server = await startServer((req, res) => {
    if (req.url === '/large') res.writeHead(200, close).end('x'.repeat(100_000))
  })
  const clock = createFakeClock()
  await using fetcher = createSafeFetcher({ allow, clock, resolve: async () => [publicAddress] })
  const origin = `http://hook.example:${String(server.port)}`
  await expect(fetcher.fetch({ url: `${origin}/large`, maxBytes: 1_000 })).rejects.toMatchObject({
    details: { problem: 'its answer is larger than 1000 bytes' },
  })
  const late = fetcher.fetch({ url: `${origin}/never`, timeoutMs: 200 })
  late.catch(() => undefined)
  await clock.advance(200)
  await expect(late).rejects.toMatchObject({ code: 'GATEWAY_URL_FETCH_FAILED', details: { problem: 'it took longer than 200 ms' } })
})
