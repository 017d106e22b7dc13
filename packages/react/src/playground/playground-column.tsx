'use client'
/** One model of the playground: its conversation, and what it asks to have run. */
import { useEffect, useRef } from 'react'
import { ChatMessage } from '../chat/chat-message.tsx'
import { ModelPicker } from '../chat/model-picker.tsx'
import { ToolResults } from '../chat/tool-call.tsx'
import { openToolCalls } from '../client/chat-message.ts'
import type { ModelInfo } from '../client/wire.ts'
import { useBudStrings } from '../hook/bud-context.ts'
import { useChat, type UseChat } from '../hook/use-chat.ts'
import { Icon } from '../icon/icon.tsx'
import { EmptyNotice } from '../part/notice.tsx'
import { toOptions, type Parameters } from './parameters.ts'

export interface PlaygroundColumnProps {
  readonly id: number
  readonly model: string | undefined
  readonly models: readonly ModelInfo[]
  readonly parameters: Parameters
  readonly onModel: (model: string) => void
  readonly onRemove: (() => void) | undefined
  readonly onChange: (id: number, chat: UseChat | undefined, model: string | undefined) => void
}

export function PlaygroundColumn({ id, model, models, parameters, onModel, onRemove, onChange }: PlaygroundColumnProps) {
  const { playground, chat: words } = useBudStrings()
  const chat = useChat(toOptions(parameters))
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    onChange(id, chat, model)
  }, [id, chat, model, onChange])
  useEffect(
    () => () => {
      onChange(id, undefined, undefined)
    },
    [id, onChange],
  )
  useEffect(() => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }, [chat.messages])
  const last = chat.messages.at(-1)
  const calls = chat.isBusy ? [] : openToolCalls(chat.messages)
  return (
    <div className="bud-playground-column">
      <div className="bud-playground-head">
        <ModelPicker models={models} value={model} onChange={onModel} />
        {onRemove === undefined ? null : (
          <button
            type="button"
            className="bud-button bud-button-ghost bud-button-icon"
            aria-label={playground.remove(model ?? '')}
            onClick={onRemove}
          >
            <Icon name="close" />
          </button>
        )}
      </div>
      <div ref={box} className="bud-transcript" tabIndex={0} role="group" aria-label={playground.waitingFor(model ?? words.model)}>
        {last === undefined ? (
          <EmptyNotice title={playground.emptyTitle} hint={playground.emptyHint} />
        ) : (
          <ol className="bud-messages">
            {chat.messages.map((message) => (
              <ChatMessage
                key={message.id}
                message={message}
                onRetry={
                  message === last && !chat.isBusy && model !== undefined
                    ? () => {
                        chat.session.retry(model)
                      }
                    : undefined
                }
              />
            ))}
          </ol>
        )}
        {calls.length === 0 || model === undefined ? null : (
          <ToolResults key={last?.id} calls={calls} onSubmit={(results) => chat.session.answerTools(results, model)} />
        )}
      </div>
    </div>
  )
}
