/** Reads one streamed answer into a message, and measures it where the reader sits. */
import { BudClientError, isAborted } from '../errors.ts'
import { limits } from '../limits.ts'
import type { ChatMessage, ChatTiming } from './chat-message.ts'
import type { ChatDelta, ChatRequest, ChatToolCall } from './chat-stream.ts'
import type { BudClient } from './client.ts'

export interface ReadAnswer {
  readonly client: BudClient
  readonly clock: BudClient['clock']
  readonly request: ChatRequest
  readonly signal: AbortSignal
  readonly waiting: ChatMessage
  readonly onProgress: (message: ChatMessage) => void
}

/** Never rejects: a failure is the message's own. */
export async function readAnswer({ client, clock, request, signal, waiting, onProgress }: ReadAnswer): Promise<ChatMessage> {
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
      if (sizeOf(message) > limits.chatAnswerCharactersMax) throw tooLong()
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
    case 'tool-call':
      return { ...message, status: 'streaming', toolCalls: addToolCall(message.toolCalls, delta) }
    case 'finish':
      return { ...message, finishReason: delta.reason }
    case 'usage':
      return message
  }
}

/** Calls come in pieces, each for a place in the list. */
function addToolCall(calls: readonly ChatToolCall[], delta: Extract<ChatDelta, { kind: 'tool-call' }>): readonly ChatToolCall[] {
  const known = calls[delta.index]
  if (known === undefined) {
    const { id, name, arguments: text } = delta
    return calls.length >= limits.chatToolCallsMax
      ? calls
      : [...calls, { id: id === '' ? `call-${String(calls.length)}` : id, name, arguments: text }]
  }
  return calls.map((call) =>
    call === known ? { ...call, name: call.name + delta.name, arguments: call.arguments + delta.arguments } : call,
  )
}

const sizeOf = ({ content, toolCalls }: ChatMessage) => toolCalls.reduce((sum, call) => sum + call.arguments.length, content.length)

function createMeter(nowMs: () => number): { add(delta: ChatDelta): void; read(): ChatTiming } {
  const startMs = nowMs()
  let firstMs: number | undefined
  let lastMs = startMs
  let pieces = 0
  let reported: number | undefined
  return {
    add(delta) {
      if (delta.kind === 'usage') reported = delta.outputTokens
      if (delta.kind === 'usage' || delta.kind === 'finish') return
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
