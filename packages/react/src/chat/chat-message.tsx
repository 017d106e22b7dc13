'use client'
/** One turn of a conversation, with its measures and, when it failed, its reason and a way on. */
import { memo } from 'react'
import type { ChatMessage as Message, ChatTiming } from '../client/chat-message.ts'
import type { Format } from '../format/format.ts'
import type { BudStrings } from '../format/strings.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { CopyButton } from '../part/copy-button.tsx'
import { ErrorNotice } from '../part/notice.tsx'
import { ChatPicture } from './chat-picture.tsx'
import { Markdown } from './markdown.tsx'
import { ToolCall } from './tool-call.tsx'

export interface ChatMessageProps {
  readonly message: Message
  /** Given for the last answer only. */
  readonly onRetry?: (() => void) | undefined
}

export const ChatMessage = memo(function ChatMessage({ message, onRetry }: ChatMessageProps) {
  const strings = useBudStrings()
  if (message.role === 'user') {
    return (
      <li className="bud-message bud-message-user">
        <span className="bud-hidden">{strings.chat.you}: </span>
        {message.images.length === 0 ? null : (
          <div className="bud-message-pictures">
            {message.images.map((image, index) => (
              <ChatPicture key={index} image={image} />
            ))}
          </div>
        )}
        {message.content === '' ? null : <div className="bud-message-bubble">{message.content}</div>}
      </li>
    )
  }
  if (message.role === 'tool') {
    return (
      <li className="bud-message bud-message-user">
        <span className="bud-hidden">{strings.chat.toolReturned}: </span>
        <pre className="bud-message-bubble bud-message-result">{message.content}</pre>
      </li>
    )
  }
  const isRunning = message.status === 'waiting' || message.status === 'streaming'
  return (
    <li className="bud-message bud-message-assistant" data-status={message.status} aria-busy={isRunning}>
      <span className="bud-hidden">{message.model}: </span>
      {message.status === 'waiting' ? <Waiting label={strings.chat.waiting} /> : null}
      {message.reasoning === '' ? null : (
        <details className="bud-message-reasoning" open={message.content === '' && message.toolCalls.length === 0 ? true : undefined}>
          <summary>{strings.chat.thinking}</summary>
          <p>{message.reasoning}</p>
        </details>
      )}
      {message.content === '' ? null : <Markdown text={message.content} />}
      {message.toolCalls.map((call) => (
        <ToolCall key={call.id} call={call} />
      ))}
      {message.status === 'failed' ? (
        <ErrorNotice title={strings.chat.failed} message={message.error?.message ?? ''} onRetry={onRetry} />
      ) : null}
      <Footer message={message} />
    </li>
  )
})

function Waiting({ label }: { readonly label: string }) {
  return (
    <p className="bud-waiting">
      <span className="bud-hidden">{label}</span>
      <span className="bud-waiting-dot" />
      <span className="bud-waiting-dot" />
      <span className="bud-waiting-dot" />
    </p>
  )
}

function Footer({ message }: { readonly message: Message }) {
  const { chat } = useBudStrings()
  const format = useBudFormat()
  const { timing, status, content } = message
  if (status === 'waiting' || timing?.timeToFirstTokenMs === undefined) {
    return status === 'stopped' ? <p className="bud-message-footer">{chat.stopped}</p> : null
  }
  const note = status === 'stopped' ? chat.stopped : message.finishReason === 'length' ? chat.cutShort : undefined
  return (
    <div className="bud-message-footer">
      <span title={chat.firstTokenTitle}>
        <b>{format.duration(timing.timeToFirstTokenMs)}</b> {chat.firstToken}
      </span>
      {timing.tokensPerSecond === undefined ? null : (
        <span title={chat.rateTitle}>
          <b>{chat.tokensPerSecond(format.decimal(timing.tokensPerSecond))}</b>
        </span>
      )}
      <span>{chat.tokens(format.count(timing.outputTokens), timing.isExact)}</span>
      {note === undefined ? null : <span className="bud-message-note">{note}</span>}
      {content === '' || status === 'streaming' ? null : <CopyButton text={content} isIconOnly />}
    </div>
  )
}

/** What a screen reader hears when an answer has ended. */
export function toTimingText(timing: ChatTiming, format: Format, { chat }: BudStrings): string {
  const parts = [
    timing.timeToFirstTokenMs === undefined ? undefined : `${format.duration(timing.timeToFirstTokenMs)} ${chat.firstToken}`,
    timing.tokensPerSecond === undefined ? undefined : chat.tokensPerSecond(format.decimal(timing.tokensPerSecond)),
    chat.tokens(format.count(timing.outputTokens), timing.isExact),
  ]
  return parts.filter((part) => part !== undefined).join(', ')
}
