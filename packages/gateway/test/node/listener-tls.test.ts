/** TLS of the listener: certificates of callers, replacement of its own, and callers who abuse it. */
import { once } from 'node:events'
import { request, type RequestOptions } from 'node:https'
import { connect } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { expect, it } from 'vitest'
import { renewCertificate } from '../../src/bin/start-process.ts'
import { listen } from '../../src/node/node-listener.ts'
import { createAuthority, createCertificate } from '../support/certificates.ts'

const answer = (_req: unknown, res: { end(text: string): unknown }) => {
  res.end('hello')
}

/** Serial number of the listener's certificate and the body, or the error. */
const get = (port: number, options: RequestOptions): Promise<{ serial: string; body: string } | Error> =>
  new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, agent: false, ...options }, (res) => {
      // The socket of an https request is a TLSSocket.
      const { serialNumber } = (res.socket as TLSSocket).getPeerCertificate()
      let body = ''
      res.on('data', (chunk: Buffer) => (body += chunk.toString()))
      res.on('end', () => resolve({ serial: serialNumber, body }))
    })
    sent.on('error', resolve)
    sent.end()
  })

it('lets in only callers with a certificate of its authorities', async () => {
  const authority = await createAuthority()
  const [server, client] = [await createCertificate(authority), await createCertificate(authority, 'caller')]
  const stranger = await createCertificate(await createAuthority('another'), 'stranger')
  await using listener = await listen(answer, { port: 0, tls: { ...server, ca: authority.cert, requestCert: true } })
  const ca = authority.cert
  expect(listener.url).toMatch(/^https:/)
  expect(await get(listener.port, { ca, ...client })).toMatchObject({ body: 'hello' })
  expect(await get(listener.port, { ca })).toBeInstanceOf(Error)
  expect(await get(listener.port, { ca, ...stranger })).toBeInstanceOf(Error)
})

it('does not ask for client certificates of just any authority', async () => {
  const server = await createCertificate(await createAuthority())
  await expect(listen(answer, { port: 0, tls: { ...server, requestCert: true } })).rejects.toThrow('give the authorities of your callers')
})

it('shows replaced certificates to new connections', async () => {
  const authority = await createAuthority()
  const [first, second] = [await createCertificate(authority), await createCertificate(authority)]
  await using listener = await listen(answer, { port: 0, tls: first })
  const before = await get(listener.port, { ca: authority.cert })
  expect(() => listener.replaceTls({ cert: 'broken', key: 'broken' })).toThrow()
  expect(await get(listener.port, { ca: authority.cert })).toEqual(before)
  listener.replaceTls(second)
  const after = await get(listener.port, { ca: authority.cert })
  expect(after).toMatchObject({ body: 'hello' })
  expect(after).not.toEqual(before)
})

it('shows administrators the certificates that a reload brings', async () => {
  const authority = await createAuthority()
  const [first, second] = [await createCertificate(authority), await createCertificate(authority)]
  await using routes = await listen(answer, { port: 0, tls: first })
  const before = await get(routes.port, { ca: authority.cert })
  renewCertificate(routes, { listen: { port: 0, tls: second } })
  const after = await get(routes.port, { ca: authority.cert })
  expect(after).toMatchObject({ body: 'hello' })
  expect(after).not.toEqual(before)
})

it('cuts off a caller who does not finish the handshake in time', async () => {
  const server = await createCertificate(await createAuthority())
  await using listener = await listen(answer, { port: 0, tls: server, handshakeTimeoutMs: 50 })
  const socket = connect(listener.port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'close')
  expect(socket.bytesRead).toBe(0)
})

it('cuts off a caller who connects and says nothing', async () => {
  await using listener = await listen(answer, { port: 0, headersTimeoutMs: 60 })
  const socket = connect(listener.port, '127.0.0.1').resume()
  await once(socket, 'close')
  expect(socket.bytesWritten).toBe(0)
})

it('ends connections that outlive the grace time of closing', async () => {
  await using listener = await listen(() => undefined, { port: 0 })
  const socket = connect(listener.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await once(listener.server, 'request')
  const gone = once(socket, 'close')
  await listener.close({ graceMs: 20 })
  await gone
  expect(listener.server.listening).toBe(false)
})
