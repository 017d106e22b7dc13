/** Plays bytes to the official clients over a loopback server. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'

export interface Replay extends AsyncDisposable {
  readonly openai: OpenAI
  readonly anthropic: Anthropic
  /** What the next request gets. */
  serve(body: string | Uint8Array, contentType?: string, status?: number): void
}

/** A server that answers every request with what was served last, cut into pieces of a few hundred bytes. */
export async function startReplay(): Promise<Replay> {
  let answer: { body: Buffer; contentType: string; status: number } = { body: Buffer.alloc(0), contentType: 'text/plain', status: 500 }
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(answer.status, { 'content-type': answer.contentType })
      for (let at = 0; at < answer.body.length; at += 777) response.write(answer.body.subarray(at, at + 777))
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  const origin = `http://127.0.0.1:${String(port)}`
  return {
    openai: new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'key', maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: origin, apiKey: 'key', maxRetries: 0 }),
    serve(body, contentType = 'text/event-stream', status = 200) {
      answer = { body: Buffer.from(body), contentType, status }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
