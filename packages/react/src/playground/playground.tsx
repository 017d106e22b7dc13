'use client'
/** One message to several models side by side, with parameters, pictures, tools, measures and the code that does the same. */
import { useCallback, useRef, useState } from 'react'
import { ChatComposer } from '../chat/chat-composer.tsx'
import { ImagePicker } from '../chat/image-picker.tsx'
import type { ChatImage } from '../client/chat-message.ts'
import { useBudStrings } from '../hook/bud-context.ts'
import type { UseChat } from '../hook/use-chat.ts'
import { useModels } from '../hook/use-models.ts'
import { Icon } from '../icon/icon.tsx'
import { limits } from '../limits.ts'
import { ParameterFields } from './parameter-fields.tsx'
import { emptyParameters } from './parameters.ts'
import { PlaygroundCode } from './playground-code.tsx'
import { PlaygroundColumn } from './playground-column.tsx'

export interface PlaygroundProps {
  /** Preselected, one column each. */
  readonly models?: readonly string[] | undefined
  /** Where the snippets call; default the page's own origin. */
  readonly baseUrl?: string | undefined
}

export function Playground({ models: preselected = [], baseUrl }: PlaygroundProps) {
  const strings = useBudStrings()
  const { playground } = strings
  const offered = useModels().data ?? []
  const [columns, setColumns] = useState<readonly { readonly id: number; readonly model: string | undefined }[]>(() =>
    (preselected.length === 0 ? [undefined] : preselected).map((model, id) => ({ id, model })),
  )
  const [parameters, setParameters] = useState(emptyParameters)
  const [images, setImages] = useState<readonly ChatImage[]>([])
  const [showsCode, setShowsCode] = useState(false)
  const [message, setMessage] = useState('')
  const chats = useRef(new Map<number, { readonly chat: UseChat; readonly model: string | undefined }>())
  const [busy, setBusy] = useState<ReadonlySet<number>>(new Set())
  const modelOf = (column: { readonly model: string | undefined }) => column.model ?? offered[0]?.id
  const onChange = useCallback((id: number, chat: UseChat | undefined, model: string | undefined) => {
    if (chat === undefined) chats.current.delete(id)
    else chats.current.set(id, { chat, model })
    const isBusy = chat?.isBusy === true
    setBusy((known) => {
      if (known.has(id) === isBusy) return known
      const next = new Set(known)
      if (isBusy) next.add(id)
      else next.delete(id)
      return next
    })
  }, [])
  const send = (text: string) => {
    setMessage(text)
    for (const { chat, model } of chats.current.values()) if (model !== undefined) chat.session.send(text, model, images)
    setImages([])
  }
  const stop = () => {
    for (const { chat } of chats.current.values()) chat.session.stop()
  }
  return (
    <section className="bud bud-panel bud-playground" aria-label={playground.label}>
      <header className="bud-panel-header">
        <span className="bud-panel-title">{playground.label}</span>
        <span className="bud-panel-actions">
          <button type="button" className="bud-button bud-button-ghost" aria-pressed={showsCode} onClick={() => setShowsCode(!showsCode)}>
            {showsCode ? playground.hideCode : playground.code}
          </button>
          <button
            type="button"
            className="bud-button"
            disabled={columns.length >= limits.playgroundColumnsMax}
            onClick={() => {
              const known = new Set(columns.map(modelOf))
              const model = offered.find(({ id }) => !known.has(id))?.id
              setColumns([...columns, { id: Math.max(...columns.map(({ id }) => id)) + 1, model }])
            }}
          >
            <Icon name="plus" />
            {playground.addModel}
          </button>
        </span>
      </header>
      <ParameterFields value={parameters} onChange={setParameters} />
      {showsCode ? (
        <PlaygroundCode
          baseUrl={baseUrl}
          model={modelOf(columns[0] ?? { model: undefined }) ?? ''}
          message={message}
          hasImage={images.length > 0}
          parameters={parameters}
        />
      ) : null}
      <div className="bud-playground-columns">
        {columns.map((column) => (
          <PlaygroundColumn
            key={column.id}
            id={column.id}
            model={modelOf(column)}
            models={offered}
            parameters={parameters}
            onModel={(model) => {
              setColumns(columns.map((each) => (each.id === column.id ? { ...each, model } : each)))
            }}
            onRemove={columns.length === 1 ? undefined : () => setColumns(columns.filter((each) => each.id !== column.id))}
            onChange={onChange}
          />
        ))}
      </div>
      <ChatComposer isBusy={busy.size > 0} isDisabled={offered.length === 0} hasAttachment={images.length > 0} onSend={send} onStop={stop}>
        <ImagePicker images={images} onChange={setImages} />
      </ChatComposer>
    </section>
  )
}
