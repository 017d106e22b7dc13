/** Asks for model, devices, load and objective. */
import { useId, useState, type ReactNode } from 'react'
import { toOptimizeInput, type DeviceRow, type Question } from './plan-question.ts'
import type { Planner } from './planner.ts'

const knownModels = [
  'meta-llama/Llama-3.1-8B-Instruct',
  'meta-llama/Llama-3.3-70B-Instruct',
  'Qwen/Qwen3-8B',
  'Qwen/Qwen3-32B',
  'Qwen/Qwen3-30B-A3B',
  'mistralai/Mixtral-8x7B-Instruct-v0.1',
  'openai/gpt-oss-120b',
  'deepseek-ai/DeepSeek-V3',
]
const knownHardware = ['h100-sxm', 'h200-sxm', 'b200-sxm', 'a100-sxm', 'l40s', 'l4']

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
      <ModelFields question={question} onChange={change} />
      <DeviceFields rows={question.devices} onChange={(devices) => change({ devices })} />
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

interface PartProps {
  readonly question: Question
  readonly onChange: (part: Partial<Question>) => void
}

function ModelFields({ question, onChange }: PartProps) {
  const listId = useId()
  const isKnown = question.source === 'known'
  return (
    <fieldset className="plan-group">
      <legend>Model</legend>
      <div className="segments" role="group" aria-label="Where the model comes from">
        <button type="button" aria-pressed={isKnown} onClick={() => onChange({ source: 'known' })}>
          By name
        </button>
        <button type="button" aria-pressed={!isKnown} onClick={() => onChange({ source: 'config' })}>
          config.json
        </button>
      </div>
      {isKnown ? (
        <>
          <input
            className="bud-input"
            aria-label="Model"
            list={listId}
            value={question.modelId}
            spellCheck={false}
            onChange={(event) => onChange({ modelId: event.target.value })}
          />
          <datalist id={listId}>
            {knownModels.map((id) => (
              <option key={id} value={id} />
            ))}
          </datalist>
        </>
      ) : (
        <textarea
          className="bud-input plan-config"
          aria-label="config.json of the model"
          placeholder={'{ "architectures": ["LlamaForCausalLM"], "hidden_size": 4096, … }'}
          rows={7}
          spellCheck={false}
          value={question.configJson}
          onChange={(event) => onChange({ configJson: event.target.value })}
        />
      )}
    </fieldset>
  )
}

function DeviceFields({
  rows,
  onChange,
}: {
  readonly rows: readonly DeviceRow[]
  readonly onChange: (rows: readonly DeviceRow[]) => void
}) {
  const listId = useId()
  const change = (index: number, part: Partial<DeviceRow>) => {
    onChange(rows.map((row, at) => (at === index ? { ...row, ...part } : row)))
  }
  return (
    <fieldset className="plan-group">
      <legend>Devices</legend>
      <div className="device-row device-head" aria-hidden="true">
        <span>Kind</span>
        <span>Count</span>
        <span>$/hour each</span>
      </div>
      {rows.map((row, index) => (
        <div key={index} className="device-row">
          <input
            className="bud-input"
            aria-label={`Device ${index + 1}`}
            list={listId}
            value={row.hardwareId}
            spellCheck={false}
            onChange={(event) => change(index, { hardwareId: event.target.value })}
          />
          <input
            className="bud-input"
            aria-label={`Count of device ${index + 1}`}
            inputMode="numeric"
            value={row.count}
            onChange={(event) => change(index, { count: event.target.value })}
          />
          <input
            className="bud-input"
            aria-label={`Price of device ${index + 1}, dollars an hour each`}
            inputMode="decimal"
            placeholder="–"
            value={row.usdPerHour}
            onChange={(event) => change(index, { usdPerHour: event.target.value })}
          />
          <button
            type="button"
            className="bud-button bud-button-ghost bud-button-icon"
            aria-label={`Remove device ${index + 1}`}
            disabled={rows.length === 1}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
          >
            ×
          </button>
        </div>
      ))}
      <datalist id={listId}>
        {knownHardware.map((id) => (
          <option key={id} value={id} />
        ))}
      </datalist>
      <button
        type="button"
        className="bud-button bud-button-ghost device-add"
        onClick={() => onChange([...rows, { hardwareId: 'l40s', count: '4', usdPerHour: '' }])}
      >
        Add devices
      </button>
    </fieldset>
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
