'use client'
/** Takes an API key, once; it is sent to the server and kept nowhere. */
import { useId, useState } from 'react'
import { useBudStrings } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'

export interface SignInProps {
  readonly isBusy: boolean
  readonly error: string | undefined
  readonly onSubmit: (apiKey: string) => void
}

export function SignIn({ isBusy, error, onSubmit }: SignInProps) {
  const { session } = useBudStrings()
  const [apiKey, setApiKey] = useState('')
  const id = useId()
  const errorId = useId()
  return (
    <form
      className="bud-sign-in bud-panel"
      onSubmit={(event) => {
        event.preventDefault()
        if (apiKey.trim() !== '' && !isBusy) onSubmit(apiKey.trim())
      }}
    >
      <Icon name="key" className="bud-sign-in-icon" />
      <h1 className="bud-sign-in-title">{session.title}</h1>
      <p className="bud-muted">{session.explanation}</p>
      <label htmlFor={id}>{session.label}</label>
      <input
        id={id}
        className="bud-input"
        type="password"
        autoComplete="off"
        spellCheck={false}
        placeholder={session.placeholder}
        value={apiKey}
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? undefined : errorId}
        onChange={(event) => {
          setApiKey(event.target.value)
        }}
      />
      {error === undefined ? null : (
        <p id={errorId} className="bud-field-error" role="alert">
          {error}
        </p>
      )}
      <button type="submit" className="bud-button bud-button-primary" disabled={apiKey.trim() === '' || isBusy}>
        {isBusy ? session.busy : session.submit}
      </button>
    </form>
  )
}
