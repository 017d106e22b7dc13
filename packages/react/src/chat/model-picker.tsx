'use client'
/** Chooses one of the served models. */
import { useId } from 'react'
import type { ModelInfo } from '../client/wire.ts'
import { useBudStrings } from '../hook/bud-context.ts'

export interface ModelPickerProps {
  readonly models: readonly ModelInfo[]
  readonly value: string | undefined
  readonly onChange: (model: string) => void
}

export function ModelPicker({ models, value, onChange }: ModelPickerProps) {
  const { chat } = useBudStrings()
  const id = useId()
  return (
    <span className="bud-select-field">
      <label className="bud-hidden" htmlFor={id}>
        {chat.model}
      </label>
      <select
        id={id}
        className="bud-select"
        value={value ?? ''}
        disabled={models.length === 0}
        onChange={(event) => {
          onChange(event.target.value)
        }}
      >
        {models.length === 0 ? <option value="">{chat.noModels}</option> : null}
        {models.map((model) => (
          <option key={model.id} value={model.id}>
            {model.id}
          </option>
        ))}
      </select>
    </span>
  )
}
