'use client'
/** A labelled input of the kit's forms. */
import { useId } from 'react'

export interface FieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly hint?: string | undefined
  readonly placeholder?: string | undefined
  readonly inputMode?: 'text' | 'decimal' | 'numeric'
  readonly isRequired?: boolean
}

export function Field({ label, value, onChange, hint, placeholder, inputMode = 'text', isRequired = false }: FieldProps) {
  const id = useId()
  const hintId = useId()
  return (
    <div className="bud-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="bud-input"
        value={value}
        inputMode={inputMode}
        placeholder={placeholder}
        required={isRequired}
        autoComplete="off"
        spellCheck={false}
        aria-describedby={hint === undefined ? undefined : hintId}
        onChange={(event) => {
          onChange(event.target.value)
        }}
      />
      {hint === undefined ? null : (
        <p id={hintId} className="bud-field-hint">
          {hint}
        </p>
      )}
    </div>
  )
}
