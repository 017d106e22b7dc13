/** Turns a streamed chat completion into deltas, usage and an end. */
import { BudClientError } from '../errors.ts'
import { readEventStream } from './event-stream.ts'
import { readErrorBody, toFailure, type Http } from './http.ts'
import { readFields, readJson, readNumberOrUndefined, readTextOrUndefined } from './read.ts'

export type ChatRole = 'system' | 'user' | 'assistant'

export interface ChatRequest {
  readonly model: string
  readonly messages: readonly { readonly role: ChatRole; readonly content: string }[]
  readonly temperature?: number | undefined
  readonly maxTokens?: number | undefined
}

export type ChatDelta =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reasoning'; readonly text: string }
  | { readonly kind: 'usage'; readonly inputTokens: number; readonly outputTokens: number }
  | { readonly kind: 'finish'; readonly reason: string }

/** Streams one answer. Rejects with a BudClientError when the connection breaks, the stream carries an error, or it ends without its end mark. */
export async function* streamChat(
  http: Http,
  request: ChatRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<ChatDelta, void, void> {
  const response = await http.open({
    method: 'POST',
    path: '/v1/chat/completions',
    accept: 'text/event-stream',
    signal,
    body: {
      model: request.model,
      messages: request.messages,
      stream: true,
      stream_options: { include_usage: true },
      ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
      ...(request.maxTokens === undefined ? {} : { max_tokens: request.maxTokens }),
    },
  })
  if (response.body === null) throw cut()
  let isComplete = false
  try {
    for await (const { data } of readEventStream(response.body)) {
      if (data === '[DONE]') return
      for (const delta of toDeltas(data)) {
        if (delta.kind === 'finish') isComplete = true
        yield delta
      }
    }
  } catch (cause) {
    // The answer had begun: what broke is the stream, not the way to the server.
    throw cause instanceof BudClientError || signal?.aborted === true ? toFailure(cause, '/v1/chat/completions', signal) : cut(cause)
  }
  if (!isComplete) throw cut()
}

function* toDeltas(data: string): Generator<ChatDelta, void, void> {
  const fields = readFields(readJson(data, 'A chat event'), 'chat event')
  if (fields['error'] !== undefined && fields['error'] !== null) {
    const { message, code } = readErrorBody(data)
    throw new BudClientError({
      code: 'REACT_RESPONSE_REFUSED',
      message: message ?? 'The model failed while it was answering.',
      serverCode: code,
      retryable: true,
    })
  }
  const choices = fields['choices']
  const choice = Array.isArray(choices) && choices.length > 0 ? readFields(choices[0], 'chat event.choices[0]') : undefined
  if (choice !== undefined) {
    const delta = typeof choice['delta'] === 'object' && choice['delta'] !== null ? readFields(choice['delta'], 'delta') : {}
    const reasoning = readTextOrUndefined(delta, 'reasoning_content') ?? readTextOrUndefined(delta, 'reasoning')
    if (reasoning !== undefined && reasoning !== '') yield { kind: 'reasoning', text: reasoning }
    const text = readTextOrUndefined(delta, 'content')
    if (text !== undefined && text !== '') yield { kind: 'text', text }
    const reason = readTextOrUndefined(choice, 'finish_reason')
    if (reason !== undefined) yield { kind: 'finish', reason }
  }
  if (typeof fields['usage'] === 'object' && fields['usage'] !== null) {
    const usage = readFields(fields['usage'], 'usage')
    yield {
      kind: 'usage',
      inputTokens: readNumberOrUndefined(usage, 'prompt_tokens') ?? 0,
      outputTokens: readNumberOrUndefined(usage, 'completion_tokens') ?? 0,
    }
  }
}

function cut(cause?: unknown): BudClientError {
  return new BudClientError({
    code: 'REACT_NETWORK_FAILED',
    message: 'The answer stopped before its end: the connection was cut.',
    retryable: true,
    cause,
  })
}
