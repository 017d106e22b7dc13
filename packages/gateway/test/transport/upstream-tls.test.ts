/** Upstreams behind private authorities, behind mutual TLS, and behind proxies. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { expect, it } from 'vitest'
import { createUndiciTransport, type UndiciTransportOptions } from '../../src/index.ts'
import { createAuthority, createCertificate } from '../support/certificates.ts'

interface Answered {
  readonly status: number
  readonly body: string
}

/** The answer, or the error. */
async function get(options: UndiciTransportOptions, url: string): Promise<Answered | Error> {
  await using transport = createUndiciTransport(options)
  return await new Promise((resolve) => {
    let status = 0
    let body = ''
    const request = { url: new URL(url), method: 'GET', headers: { 'x-own': '1' }, body: undefined }
    transport.dispatch(request, {
      onHeaders: (code) => (status = code),
      onData: (chunk) => {
        body += Buffer.from(chunk).toString()
        return true
      },
      onEnd: () => resolve({ status, body }),
      onError: (error) => resolve(error as Error),
    })
  })
}

async function listening(server: Server): Promise<{ readonly port: number; readonly server: Server } & AsyncDisposable> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    server,
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const startTls = (options: ServerOptions) =>
  listening(
    createTlsServer(options, (req, res) => {
      const { subject } = (req.socket as TLSSocket).getPeerCertificate()
      res.end(`hello ${String(subject?.CN)}`)
    }),
  )

/** A forward proxy that records what it is asked for. */
async function startProxy(refuse = false) {
  const asked: string[] = []
  const server = createServer((req, res) => {
    asked.push(`${req.method ?? ''} ${req.url ?? ''} ${String(req.headers['proxy-authorization'])}`)
    res.end('through the proxy')
  })
  server.on('connect', (req, socket) => {
    asked.push(`CONNECT ${req.url ?? ''} ${String(req.headers['proxy-authorization'])}`)
    socket.on('error', () => undefined)
    if (refuse) {
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')
      return
    }
    const onward = connect(Number(req.url?.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  })
  return { asked, ...(await listening(server)) }
}

it('trusts an upstream of a private authority only when told to', async () => {
  const authority = await createAuthority()
  await using upstream = await startTls(await createCertificate(authority))
  const url = `https://127.0.0.1:${String(upstream.port)}/`
  expect(await get({}, url)).toMatchObject({ code: expect.stringMatching(/UNABLE_TO|SELF_SIGNED/) })
  expect(await get({ tls: { ca: authority.cert } }, url)).toMatchObject({ status: 200 })
  expect(await get({ tls: { ca: (await createAuthority('another')).cert } }, url)).toBeInstanceOf(Error)
})

it('shows its client certificate to an upstream that asks for one', async () => {
  const authority = await createAuthority()
  const server = await createCertificate(authority)
  const client = await createCertificate(authority, 'gateway-1')
  await using upstream = await startTls({ ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: true })
  const url = `https://127.0.0.1:${String(upstream.port)}/`
  expect(await get({ tls: { ca: authority.cert } }, url)).toBeInstanceOf(Error)
  const tls = { ca: authority.cert, ...client }
  expect(await get({ tls }, url)).toEqual({ status: 200, body: 'hello gateway-1' })
})

it('uses the settings of an origin in place of the general ones', async () => {
  const [authority, other] = [await createAuthority(), await createAuthority('another')]
  await using upstream = await startTls(await createCertificate(authority))
  const origin = `https://127.0.0.1:${String(upstream.port)}`
  const options = { tls: { ca: other.cert }, origins: { [origin]: { tls: { ca: authority.cert } } } }
  expect(await get(options, `${origin}/`)).toMatchObject({ status: 200 })
  expect(await get(options, `https://localhost:${String(upstream.port)}/`)).toBeInstanceOf(Error)
})

it('sends plain requests through the proxy, with its credentials', async () => {
  await using proxy = await startProxy()
  const url = `http://user:pass%20word@127.0.0.1:${String(proxy.port)}`
  expect(await get({ proxy: { http: url } }, 'http://upstream.invalid/v1/models?a=1')).toEqual({ status: 200, body: 'through the proxy' })
  expect(proxy.asked).toEqual([`GET http://upstream.invalid/v1/models?a=1 Basic ${Buffer.from('user:pass word').toString('base64')}`])
})

it('tunnels TLS through the proxy, and still checks the upstream itself', async () => {
  const authority = await createAuthority()
  await using upstream = await startTls(await createCertificate(authority))
  await using proxy = await startProxy()
  const url = `https://127.0.0.1:${String(upstream.port)}/`
  const via = { http: `http://127.0.0.1:${String(proxy.port)}` }
  expect(await get({ proxy: via, tls: { ca: authority.cert } }, url)).toMatchObject({ status: 200 })
  expect(proxy.asked).toEqual([`CONNECT 127.0.0.1:${String(upstream.port)} undefined`])
  expect(await get({ proxy: via }, url)).toBeInstanceOf(Error)
})

it('fails the call when the proxy refuses or is not there', async () => {
  await using proxy = await startProxy(true)
  const refused = { https: `http://127.0.0.1:${String(proxy.port)}` }
  expect(await get({ proxy: refused }, 'https://upstream.invalid/')).toMatchObject({ message: expect.stringContaining('403') })
  const { port } = proxy
  await proxy[Symbol.asyncDispose]()
  expect(await get({ proxy: { https: `http://127.0.0.1:${String(port)}` } }, 'https://upstream.invalid/')).toBeInstanceOf(Error)
})

it('goes around the proxy for excepted hosts and for origins that say so', async () => {
  await using upstream = await listening(createServer((_req, res) => res.end('direct')))
  await using proxy = await startProxy()
  const url = `http://127.0.0.1:${String(upstream.port)}/`
  const via = { http: `http://127.0.0.1:${String(proxy.port)}` }
  expect(await get({ proxy: { ...via, except: ['127.0.0.1'] } }, url)).toMatchObject({ body: 'direct' })
  const origins = { [`http://127.0.0.1:${String(upstream.port)}`]: { proxy: 'none' } } as const
  expect(await get({ proxy: via, origins }, url)).toMatchObject({ body: 'direct' })
  expect(await get({ proxy: via }, url)).toMatchObject({ body: 'through the proxy' })
})

it('does not look for a proxy in the environment', async () => {
  await using upstream = await listening(createServer((_req, res) => res.end('direct')))
  await using proxy = await startProxy()
  const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY']
  const before = names.map((name) => process.env[name])
  try {
    for (const name of names.slice(0, 4)) process.env[name] = `http://127.0.0.1:${String(proxy.port)}`
    for (const name of names.slice(4)) process.env[name] = '*'
    const url = `http://127.0.0.1:${String(upstream.port)}/`
    expect(await get({}, url)).toMatchObject({ body: 'direct' })
    // Only a proxy for TLS is configured: it also stands for nothing else, and no exception comes from outside.
    expect(await get({ proxy: { https: 'http://127.0.0.1:1' } }, url)).toMatchObject({ body: 'direct' })
    expect(await get({ proxy: { http: `http://127.0.0.1:${String(proxy.port)}` } }, url)).toMatchObject({ body: 'through the proxy' })
  } finally {
    for (const [index, name] of names.entries()) {
      if (before[index] === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = before[index]
    }
  }
})
