'use client'
/** A chat with any served model: streaming, stop, retry, copy, and the measures of every answer. */
import { useEffect, useRef, useState } from 'react'
import type { UseChat } from '../hook/use-chat.ts'
import { useChat } from '../hook/use-chat.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { useModels } from '../hook/use-models.ts'
import { Icon } from '../icon/icon.tsx'
import { EmptyNotice } from '../part/notice.tsx'
import { ChatComposer } from './chat-composer.tsx'
import { ChatMessage, toTimingText } from './chat-message.tsx'
import { ModelPicker } from './model-picker.tsx'

export interface ChatProps {
  /** Preselected; default: the first that the server lists. */
  readonly model?: string | undefined
  /** Offered while the conversation is empty. */
  readonly suggestions?: readonly string[] | undefined
  /** Sent before every conversation. */
  readonly systemPrompt?: string | undefined
}

/** A chat that keeps its own conversation. */
export function Chat({ systemPrompt, ...props }: ChatProps) {
  const chat = useChat({ systemPrompt })
  return <ChatView chat={chat} {...props} />
}

export interface ChatViewProps extends Omit<ChatProps, 'systemPrompt'> {
  /** From `useChat`, called where the conversation should live. */
  readonly chat: UseChat
}

/** A chat whose conversation lives above it, e.g. across tabs. */
export function ChatView({ chat, model: preselected, suggestions = [] }: ChatViewProps) {
  const strings = useBudStrings()
  const models = useModels().data ?? []
  const [chosen, setChosen] = useState(preselected)
  const model = chosen ?? models[0]?.id
  const { messages, isBusy, session } = chat
  const send = (text: string) => {
    if (model !== undefined) session.send(text, model)
  }
  return (
    <section className="bud bud-panel bud-chat" aria-label={strings.chat.label}>
      <header className="bud-panel-header">
        <ModelPicker models={models} value={model} onChange={setChosen} />
        {messages.length === 0 ? null : (
          <button type="button" className="bud-button bud-button-ghost" onClick={session.clear}>
            <Icon name="plus" />
            {strings.chat.clear}
          </button>
        )}
      </header>
      <Transcript
        chat={chat}
        onRetry={() => {
          if (model !== undefined) session.retry(model)
        }}
        empty={
          <EmptyNotice title={strings.chat.emptyTitle} hint={strings.chat.emptyHint}>
            <div className="bud-suggestions">
              {suggestions.map((text) => (
                <button
                  key={text}
                  type="button"
                  className="bud-suggestion"
                  disabled={model === undefined}
                  onClick={() => {
                    send(text)
                  }}
                >
                  {text}
                </button>
              ))}
            </div>
          </EmptyNotice>
        }
      />
      <ChatComposer isBusy={isBusy} isDisabled={model === undefined} onSend={send} onStop={session.stop} />
      <Announcement chat={chat} />
    </section>
  )
}

interface TranscriptProps {
  readonly chat: UseChat
  readonly onRetry: () => void
  readonly empty: React.ReactNode
}

function Transcript({ chat: { messages, isBusy }, onRetry, empty }: TranscriptProps) {
  const { chat } = useBudStrings()
  const box = useRef<HTMLDivElement>(null)
  const follows = useRef(true)
  const last = messages.at(-1)

  useEffect(() => {
    const element = box.current
    // Follow the answer, but never pull a reader who has scrolled up back down.
    if (element !== null && (follows.current || last?.status === 'waiting')) element.scrollTop = element.scrollHeight
  }, [messages, last?.status])

  return (
    <div
      ref={box}
      className="bud-transcript"
      tabIndex={0}
      role="group"
      aria-label={chat.label}
      onScroll={({ currentTarget }) => {
        follows.current = currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight < 40
      }}
    >
      {last === undefined ? (
        empty
      ) : (
        <ol className="bud-messages">
          {messages.map((message) => (
            <ChatMessage key={message.id} message={message} onRetry={message === last && !isBusy ? onRetry : undefined} />
          ))}
        </ol>
      )}
    </div>
  )
}

/** Tells a screen reader that an answer ended; reading each token aloud would be noise. */
function Announcement({ chat: { messages, isBusy } }: { readonly chat: UseChat }) {
  const strings = useBudStrings()
  const format = useBudFormat()
  const last = messages.at(-1)
  const text =
    isBusy || last?.role !== 'assistant'
      ? ''
      : last.status === 'failed'
        ? `${strings.chat.failed}. ${last.error?.message ?? ''}`
        : strings.chat.answered(last.timing === undefined ? '' : toTimingText(last.timing, format, strings))
  return (
    <p className="bud-hidden" role="status">
      {text}
    </p>
  )
}
