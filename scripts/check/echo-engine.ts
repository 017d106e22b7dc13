/** The engine that README snippets find at ENGINE_URL: it repeats the last message, in OpenAI's form. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { z } from 'zod'

const requestSchema = z.looseObject({ model: z.string(), messages: z.array(z.looseObject({ content: z.string() })).min(1) })

const answer = (request: z.infer<typeof requestSchema>) => ({
  id: 'echo',
  object: 'chat.completion',
  created: 0,
  model: request.model,
  choices: [{ index: 0, message: { role: 'assistant', content: request.messages.at(-1)?.content }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
})

export async function startEchoEngine(): Promise<AsyncDisposable & { readonly baseUrl: string }> {
  const server = createServer((request, response) => {
    json(request).then(
      (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer(requestSchema.parse(body)))),
      (error: unknown) => response.writeHead(400).end(String(error)),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the echo engine has no port')
  return {
    baseUrl: `http://127.0.0.1:${String(address.port)}/v1`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
