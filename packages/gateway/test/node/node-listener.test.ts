/** The listener's limits: slow and greedy callers are cut off, others are served. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { listen } from '../../src/node/node-listener.ts'

/** Everything that comes back on a raw connection until it closes. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString()))
  socket.write(bytes)
  await once(socket, 'close')
  return text
}

it('cuts off a caller who does not finish the headers in time', async () => {
  await using listener = await listen((_req, res) => res.end(), { port: 0, headersTimeoutMs: 60 })
  expect(await exchange(listener.port, 'POST / HTTP/1.1\r\nhost: x\r\nx-slow: ')).toContain('408 Request Timeout')
})

it('cuts off a caller who does not finish the body in time', async () => {
  await using listener = await listen((req, res) => req.resume().on('end', () => res.end()), {
    port: 0,
    headersTimeoutMs: 60,
    requestTimeoutMs: 90,
  })
  const slow = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{'
  expect(await exchange(listener.port, slow)).toContain('408 Request Timeout')
})

it('refuses headers that are too large', async () => {
  await using listener = await listen((_req, res) => res.end(), { port: 0, headerBytes: 2_000 })
  const greedy = `GET / HTTP/1.1\r\nhost: x\r\nx-large: ${'a'.repeat(4_000)}\r\n\r\n`
  expect(await exchange(listener.port, greedy)).toContain('431 Request Header Fields Too Large')
})

it('says where it listens, and fails with Node’s error when the port is taken', async () => {
  await using listener = await listen((_req, res) => res.end('here'), { port: 0 })
  expect(await (await fetch(listener.url)).text()).toBe('here')
  await expect(listen((_req, res) => res.end(), { port: listener.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await Promise.all([listener.close(), listener.close()])
})

it('closes as soon as the last answer has ended, however long it would keep connections', async () => {
  const { promise: go, resolve: proceed } = Promise.withResolvers<undefined>()
  await using listener = await listen((_req, res) => void go.then(() => res.end('late')), { port: 0, keepAliveMs: 600_000 })
  const answer = fetch(listener.url)
  await once(listener.server, 'request')
  const closed = listener.close()
  proceed(undefined)
  expect(await (await answer).text()).toBe('late')
  await closed
})
