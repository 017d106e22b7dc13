/** Turns a streamed chat completion into deltas, usage and an end. */
import { BudClientError } from '../errors.ts'
import { readEventStream } from './event-stream.ts'
import { readErrorBody, toFailure, type Http } from './http.ts'
import { readFields, readJson, readNumberOrUndefined, readTextOrUndefined } from './read.ts'

export type ChatRole = 'system' | 'user' | 'assistant'

/** A function that the model asks to have run; `arguments` is JSON as the model wrote it. */
export interface ChatToolCall {
  readonly id: string
  readonly name: string
  readonly arguments: string
}

export type ChatTurn =
  | {
      readonly role: ChatRole
      readonly content: string
      /** Addresses of images, `data:` ones included, that go with the text of a user. */
      readonly images?: readonly string[] | undefined
      /** What an assistant asked to have run. */
      readonly toolCalls?: readonly ChatToolCall[] | undefined
    }
  | { readonly role: 'tool'; readonly toolCallId: string; readonly content: string }

/** A function that the model may ask for. */
export interface ChatTool {
  readonly name: string
  readonly description?: string | undefined
  /** JSON schema of its arguments. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined
}

export interface ChatRequest {
  readonly model: string
  readonly messages: readonly ChatTurn[]
  readonly temperature?: number | undefined
  readonly maxTokens?: number | undefined
  readonly tools?: readonly ChatTool[] | undefined
}

export type ChatDelta =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reasoning'; readonly text: string }
  /** A piece of the call at that place; id and name come with its first one. */
  | { readonly kind: 'tool-call'; readonly index: number; readonly id: string; readonly name: string; readonly arguments: string }
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
    body: { ...toChatBody(request), stream: true, stream_options: { include_usage: true } },
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

/** A chat completion as OpenAI's dialect has it, without what concerns streaming. */
export function toChatBody({ model, messages, temperature, maxTokens, tools = [] }: ChatRequest): Readonly<Record<string, unknown>> {
  return {
    model,
    messages: messages.map(toWireMessage),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(tools.length === 0 ? {} : { tools: tools.map((tool) => ({ type: 'function', function: tool })) }),
  }
}

function toWireMessage(turn: ChatTurn): Readonly<Record<string, unknown>> {
  if (turn.role === 'tool') return { role: 'tool', tool_call_id: turn.toolCallId, content: turn.content }
  const { role, content, images = [], toolCalls = [] } = turn
  const pictures = images.map((url) => ({ type: 'image_url', image_url: { url } }))
  const calls = toolCalls.map(({ id, name, arguments: text }) => ({ id, type: 'function', function: { name, arguments: text } }))
  return {
    role,
    content: pictures.length === 0 ? content : [...(content === '' ? [] : [{ type: 'text', text: content }]), ...pictures],
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
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
    if (Array.isArray(delta['tool_calls'])) yield* delta['tool_calls'].map(toToolCall)
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

function toToolCall(value: unknown, place: number): ChatDelta {
  const call = readFields(value, 'delta.tool_calls')
  const named = typeof call['function'] === 'object' && call['function'] !== null ? readFields(call['function'], 'function') : {}
  return {
    kind: 'tool-call',
    index: readNumberOrUndefined(call, 'index') ?? place,
    id: readTextOrUndefined(call, 'id') ?? '',
    name: readTextOrUndefined(named, 'name') ?? '',
    arguments: readTextOrUndefined(named, 'arguments') ?? '',
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
