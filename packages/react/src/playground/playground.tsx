'use client'
/** One message to several models side by side, with parameters, measures and the code that does the same. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { ChatComposer } from '../chat/chat-composer.tsx'
import { ChatMessage } from '../chat/chat-message.tsx'
import { ModelPicker } from '../chat/model-picker.tsx'
import type { ModelInfo } from '../client/wire.ts'
import { useBudStrings } from '../hook/bud-context.ts'
import { useChat, type UseChat } from '../hook/use-chat.ts'
import { useModels } from '../hook/use-models.ts'
import { Icon } from '../icon/icon.tsx'
import { limits } from '../limits.ts'
import { CopyButton } from '../part/copy-button.tsx'
import { Field } from '../part/field.tsx'
import { EmptyNotice } from '../part/notice.tsx'
import { toSnippets } from './snippets.ts'

export interface PlaygroundProps {
  /** Preselected, one column each. */
  readonly models?: readonly string[] | undefined
  /** Where the snippets call; default the page's own origin. */
  readonly baseUrl?: string | undefined
}

interface Parameters {
  readonly systemPrompt: string
  readonly temperature: string
  readonly maxTokens: string
}

const toNumber = (text: string) => (text.trim() === '' || !Number.isFinite(Number(text)) ? undefined : Number(text))

export function Playground({ models: preselected = [], baseUrl }: PlaygroundProps) {
  const strings = useBudStrings()
  const { playground } = strings
  const offered = useModels().data ?? []
  const [columns, setColumns] = useState<readonly { readonly id: number; readonly model: string | undefined }[]>(() =>
    (preselected.length === 0 ? [undefined] : preselected).map((model, id) => ({ id, model })),
  )
  const [parameters, setParameters] = useState<Parameters>({ systemPrompt: '', temperature: '', maxTokens: '' })
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
    for (const { chat, model } of chats.current.values()) if (model !== undefined) chat.session.send(text, model)
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
        <Code baseUrl={baseUrl} model={modelOf(columns[0] ?? { model: undefined }) ?? ''} message={message} parameters={parameters} />
      ) : null}
      <div className="bud-playground-columns">
        {columns.map((column) => (
          <Column
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
      <ChatComposer isBusy={busy.size > 0} isDisabled={offered.length === 0} onSend={send} onStop={stop} />
    </section>
  )
}

interface ColumnProps {
  readonly id: number
  readonly model: string | undefined
  readonly models: readonly ModelInfo[]
  readonly parameters: Parameters
  readonly onModel: (model: string) => void
  readonly onRemove: (() => void) | undefined
  readonly onChange: (id: number, chat: UseChat | undefined, model: string | undefined) => void
}

function Column({ id, model, models, parameters, onModel, onRemove, onChange }: ColumnProps) {
  const { playground, chat: words } = useBudStrings()
  const chat = useChat({
    systemPrompt: parameters.systemPrompt.trim() === '' ? undefined : parameters.systemPrompt,
    temperature: toNumber(parameters.temperature),
    maxTokens: toNumber(parameters.maxTokens),
  })
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
      </div>
    </div>
  )
}

function ParameterFields({ value, onChange }: { readonly value: Parameters; readonly onChange: (value: Parameters) => void }) {
  const { playground } = useBudStrings()
  return (
    <details className="bud-disclosure bud-playground-parameters">
      <summary>{playground.parameters}</summary>
      <div className="bud-form-columns">
        <Field
          label={playground.systemPrompt}
          value={value.systemPrompt}
          onChange={(systemPrompt) => onChange({ ...value, systemPrompt })}
        />
        <Field
          label={playground.temperature}
          inputMode="decimal"
          placeholder={playground.default}
          value={value.temperature}
          onChange={(temperature) => onChange({ ...value, temperature })}
        />
        <Field
          label={playground.maxTokens}
          inputMode="numeric"
          placeholder={playground.default}
          value={value.maxTokens}
          onChange={(maxTokens) => onChange({ ...value, maxTokens })}
        />
      </div>
    </details>
  )
}

interface CodeProps {
  readonly baseUrl: string | undefined
  readonly model: string
  readonly message: string
  readonly parameters: Parameters
}

function Code({ baseUrl, model, message, parameters }: CodeProps) {
  const [language, setLanguage] = useState('curl')
  const snippets = useMemo(
    () =>
      toSnippets({
        // Only ever rendered after a press of a button, so there is a page.
        baseUrl: baseUrl ?? location.origin,
        model,
        message: message === '' ? 'Hello' : message,
        systemPrompt: parameters.systemPrompt.trim() === '' ? undefined : parameters.systemPrompt,
        temperature: toNumber(parameters.temperature),
        maxTokens: toNumber(parameters.maxTokens),
      }),
    [baseUrl, model, message, parameters],
  )
  const shown = snippets.find((snippet) => snippet.language === language)
  return (
    <div className="bud-code bud-playground-code">
      <div className="bud-code-bar">
        <span className="bud-badges">
          {snippets.map((snippet) => (
            <button
              key={snippet.language}
              type="button"
              className="bud-chip"
              aria-pressed={snippet.language === language}
              onClick={() => setLanguage(snippet.language)}
            >
              {snippet.language}
            </button>
          ))}
        </span>
        <CopyButton text={shown?.code ?? ''} />
      </div>
      <pre tabIndex={0}>{shown?.code}</pre>
    </div>
  )
}
