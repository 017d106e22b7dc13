/** A conversation: sends, streams, stops, retries, and takes what functions returned. */
import { limits } from '../limits.ts'
import { readAnswer } from './chat-answer.ts'
import { emptyMessage, openToolCalls, toRequest, type ChatImage, type ChatMessage, type ChatSessionOptions } from './chat-message.ts'
import type { BudClient } from './client.ts'
import { createValue, type Observable } from './observable.ts'

export interface ChatState {
  readonly messages: readonly ChatMessage[]
  readonly isBusy: boolean
}

export interface ChatSession extends Observable<ChatState> {
  /** Adds text and pictures and streams the answer; ignored while an answer is under way, or when there is neither. */
  readonly send: (text: string, model: string, images?: readonly ChatImage[]) => void
  /** Gives what the functions returned, by the id of the call, and streams on; calls that are left out count as not run. */
  readonly answerTools: (results: Readonly<Record<string, string>>, model: string) => void
  /** Ends the answer under way and keeps what has arrived. */
  readonly stop: () => void
  /** Asks again for the last answer. */
  readonly retry: (model: string) => void
  readonly clear: () => void
  /** Ends the answer under way; the session may be used again. */
  readonly close: () => void
}

/** `options` may be a function, which is asked with each message. */
export function createChatSession(client: BudClient, options: ChatSessionOptions | (() => ChatSessionOptions) = {}): ChatSession {
  const readOptions = typeof options === 'function' ? options : () => options
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
      request: toRequest(messages, model, readOptions()),
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
    send(text, model, images = []) {
      if (state.get().isBusy || (text.trim() === '' && images.length === 0)) return
      const question: ChatMessage = { ...emptyMessage(nextId(), 'user'), content: text.trim(), images }
      void answer([...state.get().messages, question].slice(-limits.chatMessagesMax), model)
    },
    answerTools(results, model) {
      const { messages, isBusy } = state.get()
      const given = openToolCalls(messages).filter(({ id }) => results[id] !== undefined)
      if (isBusy || given.length === 0) return
      const answers = given.map(({ id }) => ({ ...emptyMessage(nextId(), 'tool'), toolCallId: id, content: results[id] ?? '' }))
      void answer([...messages, ...answers].slice(-limits.chatMessagesMax), model)
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
