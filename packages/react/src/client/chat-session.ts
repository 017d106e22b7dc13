/** A conversation: sends, streams, stops, retries, and measures each answer where the reader sits. */
import { BudClientError, isAborted } from '../errors.ts'
import { limits } from '../limits.ts'
import type { ChatDelta, ChatRequest } from './chat-stream.ts'
import type { BudClient } from './client.ts'
import { createValue, type Observable } from './observable.ts'

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

export interface ChatMessage {
  readonly id: string
  readonly role: 'user' | 'assistant'
  readonly content: string
  /** The model's thinking, where it sends any. */
  readonly reasoning: string
  readonly model: string | undefined
  readonly status: 'waiting' | 'streaming' | 'done' | 'stopped' | 'failed'
  readonly error: BudClientError | undefined
  readonly timing: ChatTiming | undefined
  readonly finishReason: string | undefined
}

export interface ChatState {
  readonly messages: readonly ChatMessage[]
  readonly isBusy: boolean
}

export interface ChatSession extends Observable<ChatState> {
  /** Adds the text and streams the answer; ignored while an answer is under way or when the text is blank. */
  readonly send: (text: string, model: string) => void
  /** Ends the answer under way and keeps what has arrived. */
  readonly stop: () => void
  /** Asks again for the last answer. */
  readonly retry: (model: string) => void
  readonly clear: () => void
  /** Ends the answer under way; the session may be used again. */
  readonly close: () => void
}

export interface ChatSessionOptions {
  /** Sent before the conversation. */
  readonly systemPrompt?: string | undefined
  readonly temperature?: number | undefined
  readonly maxTokens?: number | undefined
}

export function createChatSession(client: BudClient, options: ChatSessionOptions = {}): ChatSession {
  const state = createValue<ChatState>({ messages: [], isBusy: false })
  let running: AbortController | undefined
  let counter = 0
  const nextId = () => `message-${(counter += 1)}`

  const replaceLast = (message: ChatMessage, isBusy: boolean) => {
    state.set({ messages: [...state.get().messages.slice(0, -1), message], isBusy })
  }

  const answer = async (messages: readonly ChatMessage[], model: string): Promise<void> => {
    const controller = new AbortController()
    running = controller
    const waiting: ChatMessage = { ...emptyMessage(nextId(), 'assistant'), model, status: 'waiting' }
    state.set({ messages: [...messages, waiting], isBusy: true })
    const show = (message: ChatMessage, isBusy: boolean) => {
      // After clear() or a newer question this answer belongs to nothing that is shown.
      if (running === controller) replaceLast(message, isBusy)
    }
    const final = await readAnswer({
      client,
      clock: client.clock,
      request: toRequest(messages, model, options),
      signal: controller.signal,
      waiting,
      onProgress: (message) => {
        show(message, true)
      },
    })
    show(final, false)
    if (running === controller) running = undefined
  }

  const stop = () => {
    running?.abort()
  }

  return {
    get: state.get,
    subscribe: state.subscribe,
    send(text, model) {
      if (state.get().isBusy || text.trim() === '') return
      const question: ChatMessage = { ...emptyMessage(nextId(), 'user'), content: text.trim() }
      void answer([...state.get().messages, question].slice(-limits.chatMessagesMax), model)
    },
    stop,
    retry(model) {
      const { messages, isBusy } = state.get()
      if (isBusy || messages.at(-1)?.role !== 'assistant') return
      void answer(messages.slice(0, -1), model)
    },
    clear() {
      running?.abort()
      running = undefined
      state.set({ messages: [], isBusy: false })
    },
    close: stop,
  }
}

function emptyMessage(id: string, role: ChatMessage['role']): ChatMessage {
  return {
    id,
    role,
    content: '',
    reasoning: '',
    model: undefined,
    status: 'done',
    error: undefined,
    timing: undefined,
    finishReason: undefined,
  }
}

function toRequest(messages: readonly ChatMessage[], model: string, options: ChatSessionOptions): ChatRequest {
  const turns = messages.filter(({ content }) => content !== '').map(({ role, content }) => ({ role, content }))
  const system = options.systemPrompt === undefined ? [] : [{ role: 'system' as const, content: options.systemPrompt }]
  return { model, messages: [...system, ...turns], temperature: options.temperature, maxTokens: options.maxTokens }
}

interface ReadAnswer {
  readonly client: BudClient
  readonly clock: BudClient['clock']
  readonly request: ChatRequest
  readonly signal: AbortSignal
  readonly waiting: ChatMessage
  readonly onProgress: (message: ChatMessage) => void
}

/** Never rejects: a failure is the message's own. */
async function readAnswer({ client, clock, request, signal, waiting, onProgress }: ReadAnswer): Promise<ChatMessage> {
  const meter = createMeter(() => clock.monotonicMs())
  let message = waiting
  let cancelNotice: (() => void) | undefined
  const notify = () => {
    cancelNotice = undefined
    onProgress({ ...message, timing: meter.read() })
  }
  try {
    for await (const delta of client.chat(request, { signal })) {
      message = addDelta(message, delta)
      meter.add(delta)
      if (message.content.length > limits.chatAnswerCharactersMax) throw tooLong()
      cancelNotice ??= clock.after(limits.chatNotifyMs, notify)
    }
    return { ...message, status: 'done', timing: meter.read() }
  } catch (cause) {
    const timing = meter.read()
    if (isAborted(cause) || signal.aborted) return { ...message, status: 'stopped', timing }
    return { ...message, status: 'failed', timing, error: toClientError(cause) }
  } finally {
    cancelNotice?.()
  }
}

function addDelta(message: ChatMessage, delta: ChatDelta): ChatMessage {
  switch (delta.kind) {
    case 'text':
      return { ...message, status: 'streaming', content: message.content + delta.text }
    case 'reasoning':
      return { ...message, status: 'streaming', reasoning: message.reasoning + delta.text }
    case 'finish':
      return { ...message, finishReason: delta.reason }
    case 'usage':
      return message
  }
}

function createMeter(nowMs: () => number): { add(delta: ChatDelta): void; read(): ChatTiming } {
  const startMs = nowMs()
  let firstMs: number | undefined
  let lastMs = startMs
  let pieces = 0
  let reported: number | undefined
  return {
    add(delta) {
      if (delta.kind === 'usage') reported = delta.outputTokens
      if (delta.kind !== 'text' && delta.kind !== 'reasoning') return
      pieces += 1
      lastMs = nowMs()
      firstMs ??= lastMs
    },
    read() {
      const outputTokens = reported ?? pieces
      const streamMs = firstMs === undefined ? 0 : lastMs - firstMs
      return {
        timeToFirstTokenMs: firstMs === undefined ? undefined : firstMs - startMs,
        durationMs: lastMs - startMs,
        outputTokens,
        isExact: reported !== undefined,
        tokensPerSecond: streamMs > 0 && outputTokens > 1 ? ((outputTokens - 1) / streamMs) * 1000 : undefined,
      }
    },
  }
}

function toClientError(cause: unknown): BudClientError {
  if (cause instanceof BudClientError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  return new BudClientError({ code: 'REACT_RESPONSE_INVALID', message, cause })
}

function tooLong(): BudClientError {
  return new BudClientError({
    code: 'REACT_RESPONSE_INVALID',
    message: `The answer passed ${limits.chatAnswerCharactersMax} characters and was stopped. Ask for a shorter one.`,
  })
}
