/** Typed calls in the same process: no client library, no socket. */
import type { z } from 'zod'
import { gatewayErrors } from '../errors.ts'
import {
  chatAnswerSchema,
  chatChunkSchema,
  embeddingAnswerSchema,
  type ChatAnswer,
  type ChatChunk,
  type EmbeddingAnswer,
} from './answer-schema.ts'

/** A JSON object as it stands on the wire. */
export type WireObject = Readonly<Record<string, unknown>>

export interface CallOptions {
  /** Virtual key; needed unless the gateway runs with `auth: { kind: 'none' }`. */
  readonly apiKey?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ChatRequest extends WireObject {
  readonly model: string
  readonly messages: readonly WireObject[]
}

export interface EmbeddingRequest extends WireObject {
  readonly model: string
  readonly input: string | readonly string[] | readonly number[]
}

export interface GatewayCalls {
  /** An OpenAI chat completion. Throws GATEWAY_CALL_FAILED with status and body. */
  chat(request: ChatRequest, options?: CallOptions): Promise<ChatAnswer>
  /** The chunks of a streamed chat completion; leaving the loop early ends the call. Throws GATEWAY_CALL_FAILED. */
  streamChat(request: ChatRequest, options?: CallOptions): AsyncIterable<ChatChunk>
  /** OpenAI embeddings. Throws GATEWAY_CALL_FAILED. */
  embed(request: EmbeddingRequest, options?: CallOptions): Promise<EmbeddingAnswer>
}

type Fetch = (input: string, init: RequestInit) => Promise<Response>

// Only the path matters: no socket is opened.
const origin = 'http://gateway.invalid'

async function post(fetch: Fetch, path: string, body: WireObject, options: CallOptions): Promise<Response> {
  const headers: Record<string, string> = { 'content-type': 'application/json', ...options.headers }
  if (options.apiKey !== undefined) headers['authorization'] = `Bearer ${options.apiKey}`
  const response = await fetch(`${origin}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  if (!response.ok) throw gatewayErrors.CALL_FAILED({ status: response.status, body: await response.text() })
  return response
}

/** Answers of the same dialect pass through the gateway unread, so they may be anything. */
function parseAnswer<Answer>(schema: z.ZodType<Answer>, body: string): Answer {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (cause) {
    throw gatewayErrors.CALL_FAILED({ status: 502, body }, { cause })
  }
  const { success, data, error } = schema.safeParse(value)
  if (!success) throw gatewayErrors.CALL_FAILED({ status: 502, body }, { cause: error })
  return data
}

function parseChunk(event: string): ChatChunk | undefined {
  const data = event
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trim())
    .join('\n')
  if (data === '' || data === '[DONE]') return undefined
  // An error event is no chunk and fails here too, with its body.
  return parseAnswer(chatChunkSchema, data)
}

async function* streamChunks(response: Response): AsyncGenerator<ChatChunk> {
  const decoder = new TextDecoder()
  let rest = ''
  if (response.body === null) return
  // The standard types of a fetch body's chunks are loose; they are bytes.
  const body: AsyncIterable<Uint8Array> = response.body
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true })
    const events = rest.split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) {
      const chunk = parseChunk(event)
      if (chunk !== undefined) yield chunk
    }
  }
}

export function createCalls(fetch: Fetch): GatewayCalls {
  const text = async (path: string, body: WireObject, options: CallOptions = {}) => (await post(fetch, path, body, options)).text()
  return {
    chat: async (request, options) =>
      parseAnswer(chatAnswerSchema, await text('/v1/chat/completions', { ...request, stream: false }, options)),
    embed: async (request, options) => parseAnswer(embeddingAnswerSchema, await text('/v1/embeddings', request, options)),
    async *streamChat(request, options = {}) {
      yield* streamChunks(await post(fetch, '/v1/chat/completions', { ...request, stream: true }, options))
    },
  }
}
