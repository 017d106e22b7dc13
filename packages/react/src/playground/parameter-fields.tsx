'use client'
/** System prompt, temperature, length and tools of the next message. */
import { useId } from 'react'
import { useBudStrings } from '../hook/bud-context.ts'
import { Field } from '../part/field.tsx'
import { exampleTools, parseTools, type Parameters } from './parameters.ts'

export interface ParameterFieldsProps {
  readonly value: Parameters
  readonly onChange: (value: Parameters) => void
}

export function ParameterFields({ value, onChange }: ParameterFieldsProps) {
  const { playground } = useBudStrings()
  const change = (part: Partial<Parameters>) => {
    onChange({ ...value, ...part })
  }
  return (
    <details className="bud-disclosure bud-playground-parameters">
      <summary>{playground.parameters}</summary>
      <div className="bud-form-columns">
        <Field label={playground.systemPrompt} value={value.systemPrompt} onChange={(systemPrompt) => change({ systemPrompt })} />
        <Field
          label={playground.temperature}
          inputMode="decimal"
          placeholder={playground.default}
          value={value.temperature}
          onChange={(temperature) => change({ temperature })}
        />
        <Field
          label={playground.maxTokens}
          inputMode="numeric"
          placeholder={playground.default}
          value={value.maxTokens}
          onChange={(maxTokens) => change({ maxTokens })}
        />
      </div>
      <ToolsField value={value.tools} onChange={(tools) => change({ tools })} />
    </details>
  )
}

function ToolsField({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  const { playground } = useBudStrings()
  const id = useId()
  const hintId = useId()
  const isWrong = parseTools(value) === undefined
  return (
    <div className="bud-field">
      <label htmlFor={id}>{playground.tools}</label>
      <textarea
        id={id}
        className="bud-input bud-playground-tools"
        rows={value === '' ? 2 : 8}
        spellCheck={false}
        aria-invalid={isWrong}
        aria-describedby={hintId}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <p id={hintId} className={isWrong ? 'bud-field-error' : 'bud-field-hint'}>
        {isWrong ? playground.toolsInvalid : playground.toolsHint}
      </p>
      {value === '' ? (
        <button type="button" className="bud-chip" onClick={() => onChange(exampleTools)}>
          {playground.toolsExample}
        </button>
      ) : null}
    </div>
  )
}
