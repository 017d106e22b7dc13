/** An OpenAI-shaped HTTP server over the real model, for tests only: `node llama-server.ts <engine folder> <model file> <model name> <port>`. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { chatRequest, loadEngine, type ChatRequest, type Completion } from './llama-engine.ts'

const [engineFolder = '', modelPath = '', modelName = '', port = '0'] = process.argv.slice(2)
const complete = await loadEngine(engineFolder, modelPath)
let served = 0

const sendJson = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const sendError = (response: ServerResponse, status: number, message: string): void =>
  sendJson(response, status, { error: { message, type: 'invalid_request_error', param: null, code: null } })

const toUsage = ({ promptTokens, completionTokens }: Completion) => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
})

interface Exchange {
  readonly request: ChatRequest
  readonly response: ServerResponse
  readonly signal: AbortSignal
  /** Members that every chunk and the whole completion share. */
  readonly head: { readonly id: string; readonly created: number; readonly model: string }
}

const streamChat = async ({ request, response, signal, head }: Exchange): Promise<void> => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  const send = (body: object) => response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...body })}\n\n`)
  const choice = (delta: object, finish: string | null) => ({ choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })
  send(choice({ role: 'assistant', content: '' }, null))
  const completion = await complete(request, signal, (piece) => send(choice({ content: piece }, null)))
  send(choice({}, completion.finishReason))
  if (request.stream_options.include_usage) send({ choices: [], usage: toUsage(completion) })
  response.end('data: [DONE]\n\n')
}

const answerChat = async ({ request, response, signal, head }: Exchange): Promise<void> => {
  let content = ''
  const completion = await complete(request, signal, (piece) => (content += piece))
  const choices = [{ index: 0, message: { role: 'assistant', content }, logprobs: null, finish_reason: completion.finishReason }]
  sendJson(response, 200, { ...head, object: 'chat.completion', choices, usage: toUsage(completion) })
}

const chat = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await text(incoming)
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return sendError(response, 400, 'The body is not JSON.')
  }
  const parsed = chatRequest.safeParse(json)
  if (!parsed.success) return sendError(response, 400, parsed.error.message)
  if (parsed.data.model !== modelName) return sendError(response, 404, `The model '${parsed.data.model}' does not exist.`)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  served += 1
  const head = { id: `chatcmpl-${served}`, created: Math.floor(Date.now() / 1000), model: modelName }
  const exchange: Exchange = { request: parsed.data, response, signal: gone.signal, head }
  return parsed.data.stream ? streamChat(exchange) : answerChat(exchange)
}

const server = createServer((incoming, response) => {
  const route = `${incoming.method} ${incoming.url}`
  if (route === 'GET /health') return sendJson(response, 200, { status: 'ok' })
  if (route === 'GET /v1/models')
    return sendJson(response, 200, { object: 'list', data: [{ id: modelName, object: 'model', created: 0, owned_by: 'google' }] })
  if (route !== 'POST /v1/chat/completions') return sendError(response, 404, `There is no ${route}.`)
  chat(incoming, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    if (response.headersSent) response.destroy()
    else sendError(response, 500, String(error))
  })
})
server.listen(Number(port), '127.0.0.1')
process.once('SIGTERM', () => process.exit(0))
