/** The turns of a conversation as they are shown, and as the model is told of them. */
import type { BudClientError } from '../errors.ts'
import type { ChatRequest, ChatTool, ChatToolCall, ChatTurn } from './chat-stream.ts'

export interface ChatTiming {
  /** From sending to the first token, as seen here. */
  readonly timeToFirstTokenMs: number | undefined
  readonly durationMs: number
  readonly outputTokens: number
  /** The engine reported the count; otherwise it is the number of pieces received. */
  readonly isExact: boolean
  /** After the first token. */
  readonly tokensPerSecond: number | undefined
}

/** A picture that goes with a message. */
export interface ChatImage {
  readonly name: string
  /** `data:image/…;base64,…` */
  readonly dataUrl: string
}

export interface ChatMessage {
  readonly id: string
  /** `tool`: what the function returned that the model asked for. */
  readonly role: 'user' | 'assistant' | 'tool'
  readonly content: string
  /** The model's thinking, where it sends any. */
  readonly reasoning: string
  readonly images: readonly ChatImage[]
  /** What the model asks to have run before it goes on. */
  readonly toolCalls: readonly ChatToolCall[]
  /** Of a `tool`: which call it answers. */
  readonly toolCallId: string | undefined
  readonly model: string | undefined
  readonly status: 'waiting' | 'streaming' | 'done' | 'stopped' | 'failed'
  readonly error: BudClientError | undefined
  readonly timing: ChatTiming | undefined
  readonly finishReason: string | undefined
}

export interface ChatSessionOptions {
  /** Sent before the conversation. */
  readonly systemPrompt?: string | undefined
  readonly temperature?: number | undefined
  readonly maxTokens?: number | undefined
  /** Functions that the model may ask for; running them is up to the caller. */
  readonly tools?: readonly ChatTool[] | undefined
}

export function emptyMessage(id: string, role: ChatMessage['role']): ChatMessage {
  return {
    id,
    role,
    content: '',
    reasoning: '',
    images: [],
    toolCalls: [],
    toolCallId: undefined,
    model: undefined,
    status: 'done',
    error: undefined,
    timing: undefined,
    finishReason: undefined,
  }
}

/** Calls of the last answer that nobody has answered yet. */
export function openToolCalls(messages: readonly ChatMessage[]): readonly ChatToolCall[] {
  const answered = new Set(messages.flatMap(({ toolCallId }) => (toolCallId === undefined ? [] : [toolCallId])))
  return (messages.findLast(({ role }) => role === 'assistant')?.toolCalls ?? []).filter(({ id }) => !answered.has(id))
}

/** What models are told when the reader went on without running a function; every call must have an answer. */
const notRun = 'This function was not run.'

export function toRequest(messages: readonly ChatMessage[], model: string, options: ChatSessionOptions): ChatRequest {
  const { systemPrompt, temperature, maxTokens, tools } = options
  // A result whose call was cut off the beginning answers nothing.
  const kept = messages.slice(
    Math.max(
      messages.findIndex(({ role }) => role !== 'tool'),
      0,
    ),
  )
  const system: readonly ChatTurn[] = systemPrompt === undefined ? [] : [{ role: 'system', content: systemPrompt }]
  const turns = kept.flatMap((message, index) => toTurns(message, kept.slice(index + 1)))
  return { model, messages: [...system, ...turns], temperature, maxTokens, tools }
}

function toTurns({ role, content, images, toolCalls, toolCallId }: ChatMessage, later: readonly ChatMessage[]): readonly ChatTurn[] {
  if (role === 'tool') return toolCallId === undefined ? [] : [{ role, toolCallId, content }]
  if (role === 'user') return [{ role, content, images: images.map(({ dataUrl }) => dataUrl) }]
  if (content === '' && toolCalls.length === 0) return []
  const answered = new Set(later.map((each) => each.toolCallId))
  const missing = toolCalls.filter(({ id }) => !answered.has(id))
  return [{ role, content, toolCalls }, ...missing.map(({ id }) => ({ role: 'tool' as const, toolCallId: id, content: notRun }))]
}
