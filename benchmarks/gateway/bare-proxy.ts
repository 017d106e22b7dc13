/** The baseline: node:http and undici.dispatch with back-pressure, and nothing else a gateway does. */
import { createServer } from 'node:http'
import { Pool } from 'undici'

const [port, upstream] = process.argv.slice(2)
const pool = new Pool(`http://127.0.0.1:${String(upstream)}`, { connections: 2_048, pipelining: 1 })

createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const [only] = parts
    pool.dispatch(
      {
        path: request.url ?? '/',
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' },
        body: parts.length === 1 && only !== undefined ? only : Buffer.concat(parts),
      },
      {
        onRequestStart: () => undefined,
        onResponseStart: (controller, status, headers) => {
          response.writeHead(status, { 'content-type': String(headers['content-type']) })
          response.on('drain', () => {
            controller.resume()
          })
          response.on('close', () => {
            if (!response.writableFinished) controller.abort(new Error('client gone'))
          })
        },
        onResponseData: (controller, chunk) => {
          if (!response.write(chunk)) controller.pause()
        },
        onResponseEnd: () => {
          response.end()
        },
        onResponseError: () => {
          response.destroy()
        },
      },
    )
  })
}).listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 })
