/** Stands for the in-house host: answers signed requests with their own last words, and refuses all others. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { signatureOf } from './signed-provider.ts'

export interface ScriptedHost extends AsyncDisposable {
  readonly url: string
}

async function answer(req: IncomingMessage, secret: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const body = await buffer(req)
  const expected = signatureOf(secret, String(req.headers['x-time']), body)
  if (req.url !== '/inference/chat' || req.headers['x-signature'] !== expected)
    return { status: 401, body: { error: { message: 'not signed' } } }
  // The gateway sends what the test wrote; a host of your own would check it.
  const { messages } = JSON.parse(body.toString()) as { messages: { content: string }[] }
  const message = { role: 'assistant', content: `You said: ${messages.at(-1)?.content ?? 'nothing'}` }
  const usage = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 }
  return {
    status: 200,
    body: { id: 'answer-1', object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }], usage },
  }
}

export async function startScriptedHost(secret: string): Promise<ScriptedHost> {
  const server = createServer((req, res) => {
    answer(req, secret).then(
      ({ status, body }) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: unknown) => res.destroy(error instanceof Error ? error : undefined),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
