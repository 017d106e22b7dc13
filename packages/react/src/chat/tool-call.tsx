'use client'
/** A function that the model asks for, and the place where its result is given. */
import { useId, useState } from 'react'
import type { ChatToolCall } from '../client/chat-stream.ts'
import { useBudStrings } from '../hook/bud-context.ts'

export function ToolCall({ call }: { readonly call: ChatToolCall }) {
  const { chat } = useBudStrings()
  return (
    <div className="bud-tool-call">
      <p>
        <span className="bud-muted">{chat.toolCall}</span> <code>{call.name}</code>
      </p>
      <pre tabIndex={0} role="group" aria-label={chat.toolArguments(call.name)}>
        <code>{toPretty(call.arguments)}</code>
      </pre>
    </div>
  )
}

/** As JSON on several lines; while it still streams, as it has come. */
function toPretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2)
  } catch {
    return text
  }
}

export interface ToolResultsProps {
  readonly calls: readonly ChatToolCall[]
  readonly onSubmit: (results: Readonly<Record<string, string>>) => void
}

export function ToolResults({ calls, onSubmit }: ToolResultsProps) {
  const { chat } = useBudStrings()
  const id = useId()
  const [results, setResults] = useState<Readonly<Record<string, string>>>({})
  return (
    <form
      className="bud-form bud-tool-results"
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit(Object.fromEntries(calls.map((call) => [call.id, results[call.id] ?? ''])))
      }}
    >
      {calls.map((call) => (
        <div key={call.id} className="bud-field">
          <label htmlFor={`${id}-${call.id}`}>{chat.toolResult(call.name)}</label>
          <textarea
            id={`${id}-${call.id}`}
            className="bud-input"
            rows={2}
            spellCheck={false}
            value={results[call.id] ?? ''}
            onChange={(event) => setResults({ ...results, [call.id]: event.target.value })}
          />
        </div>
      ))}
      <button type="submit" className="bud-button">
        {chat.sendResult}
      </button>
    </form>
  )
}
