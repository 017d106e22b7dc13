/** Small pieces of HTTP on node:http: bounded bodies, JSON answers, event streams. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { OpenAiError } from './openai-error.ts'

/** @throws OpenAiError 413 as soon as the body is longer than allowed. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = () =>
    new OpenAiError(413, `the request body is larger than ${String(maxBytes)} bytes; send less`, { code: 'request_too_large' })
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    // Without an encoding set, node:http yields Buffers only.
    bytes += chunk.length
    if (bytes > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** @throws OpenAiError 400 when the text is no JSON object. */
export function parseJsonObject(body: Buffer): unknown {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'it cannot be read'
    throw new OpenAiError(400, `We could not parse the JSON body of your request: ${detail}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OpenAiError(400, 'the request body must be a JSON object')
  return value
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

export function sendText(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

/** Server-sent events; the headers leave with the first one. */
export function createEventStream(response: ServerResponse): { send(data: unknown): void; end(): void } {
  const open = () => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  }
  return {
    send: (data) => {
      open()
      response.write(`data: ${JSON.stringify(data)}\n\n`)
    },
    end: () => {
      open()
      response.end('data: [DONE]\n\n')
    },
  }
}
