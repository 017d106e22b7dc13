'use client'
/** Names the model of a plan: one that the simulator knows, or the `config.json` of another. */
import { useId } from 'react'
import { useWords } from '../hook/bud-context.ts'
import { useSimCatalogue } from './catalogue.ts'
import { pickWords } from './pick-words.ts'

/** As typed; `configJson` counts when the source is `config`. */
export interface SimModelDraft {
  readonly source: 'known' | 'config'
  readonly modelId: string
  readonly configJson: string
}

export interface SimModelPickerProps {
  readonly value: SimModelDraft
  readonly onChange: (value: SimModelDraft) => void
}

export function SimModelPicker({ value, onChange }: SimModelPickerProps) {
  const words = useWords('pick', pickWords)
  const known = useSimCatalogue().data?.models ?? []
  const listId = useId()
  const hintId = useId()
  const isKnown = value.source === 'known'
  const isMissing = known.length > 0 && value.modelId.trim() !== '' && !isListed(known, value.modelId)
  return (
    <fieldset className="bud bud-pick">
      <legend>{words.model}</legend>
      <div className="bud-badges" role="group" aria-label={words.source}>
        <button type="button" className="bud-chip" aria-pressed={isKnown} onClick={() => onChange({ ...value, source: 'known' })}>
          {words.byName}
        </button>
        <button type="button" className="bud-chip" aria-pressed={!isKnown} onClick={() => onChange({ ...value, source: 'config' })}>
          {words.byConfig}
        </button>
      </div>
      {isKnown ? (
        <>
          <input
            className="bud-input"
            aria-label={words.model}
            aria-describedby={hintId}
            list={listId}
            value={value.modelId}
            spellCheck={false}
            onChange={(event) => onChange({ ...value, modelId: event.target.value })}
          />
          <datalist id={listId}>
            {known.map((id) => (
              <option key={id} value={id} />
            ))}
          </datalist>
          <p id={hintId} className="bud-field-hint">
            {isMissing ? words.modelUnknown : words.modelHint}
          </p>
        </>
      ) : (
        <textarea
          className="bud-input bud-pick-config"
          aria-label={words.configLabel}
          placeholder={'{ "architectures": ["LlamaForCausalLM"], "hidden_size": 4096, … }'}
          rows={7}
          spellCheck={false}
          value={value.configJson}
          onChange={(event) => onChange({ ...value, configJson: event.target.value })}
        />
      )}
    </fieldset>
  )
}

/** Exported for tests: with or without the organisation, in any case, as the simulator finds it. */
export function isListed(known: readonly string[], text: string): boolean {
  const wanted = text.trim().toLowerCase()
  return known.some((id) => id.toLowerCase() === wanted || id.slice(id.indexOf('/') + 1).toLowerCase() === wanted)
}
