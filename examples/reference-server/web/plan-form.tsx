/** Asks for model, devices, load and objective. */
import { useId, useState, type ReactNode } from 'react'
import { HardwarePicker, SimModelPicker } from '@bud-foundry/react/pickers'
import { toOptimizeInput, type Question } from './plan-question.ts'
import type { Planner } from './planner.ts'

export function PlanForm({ planner }: { readonly planner: Planner }) {
  const { question, setQuestion, search } = planner
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const change = (part: Partial<Question>) => {
    setProblem(undefined)
    setQuestion({ ...question, ...part })
  }
  return (
    <form
      className="bud bud-panel plan-form"
      onSubmit={(event) => {
        event.preventDefault()
        const answerable = toOptimizeInput(question)
        if (answerable.kind === 'incomplete') setProblem(answerable.message)
        else search.run(answerable.input)
      }}
    >
      <SimModelPicker value={question} onChange={change} />
      <HardwarePicker value={question.devices} onChange={(devices) => change({ devices })} />
      <fieldset className="plan-group">
        <legend>Load</legend>
        <div className="plan-columns">
          <NumberField label="Input tokens" value={question.inputTokens} onChange={(inputTokens) => change({ inputTokens })} />
          <NumberField label="Output tokens" value={question.outputTokens} onChange={(outputTokens) => change({ outputTokens })} />
          <NumberField label="In flight" value={question.concurrency} onChange={(concurrency) => change({ concurrency })} />
        </div>
      </fieldset>
      <fieldset className="plan-group">
        <legend>Objective</legend>
        <div className="plan-columns">
          <NumberField
            label="First token, ms"
            value={question.timeToFirstTokenMs}
            placeholder="any"
            onChange={(timeToFirstTokenMs) => change({ timeToFirstTokenMs })}
          />
          <NumberField
            label="Per token, ms"
            value={question.timePerOutputTokenMs}
            placeholder="any"
            onChange={(timePerOutputTokenMs) => change({ timePerOutputTokenMs })}
          />
        </div>
      </fieldset>
      {problem === undefined ? null : (
        <p className="plan-problem" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" className="bud-button bud-button-primary plan-submit" disabled={search.state.kind === 'busy'}>
        {search.state.kind === 'busy' ? 'Searching…' : 'Find plans'}
      </button>
    </form>
  )
}

interface NumberFieldProps {
  readonly label: string
  readonly value: string
  readonly placeholder?: string
  readonly onChange: (value: string) => void
}

function NumberField({ label, value, placeholder, onChange }: NumberFieldProps): ReactNode {
  const id = useId()
  return (
    <div className="number-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="bud-input"
        inputMode="numeric"
        value={value}
        placeholder={placeholder}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  )
}
