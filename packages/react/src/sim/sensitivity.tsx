'use client'
/** One plan under other loads: sliders that answer at once, and the whole curve of the one that is moved. */
import type { DeploymentPlan, Prediction, Workload } from '@bud-foundry/core'
import { useEffect, useId, useMemo, useState } from 'react'
import type { BudClient } from '../client/client.ts'
import { consoleOperations } from '../client/generated/console-operations.ts'
import { readFields, readList, readNumber } from '../client/read.ts'
import { useBudClient, useBudFormat, useWords } from '../hook/bud-context.ts'
import { useAction } from '../hook/use-action.ts'
import { toLinePath, toRange } from '../geometry/line-path.ts'
import { ErrorNotice } from '../part/notice.tsx'
import { Panel } from '../part/loaded.tsx'
import { simWords } from './sim-words.ts'

const axes = ['concurrency', 'inputTokens', 'outputTokens'] as const
type Axis = (typeof axes)[number]
type Load = Readonly<Record<Axis, number>>

/** Powers of two, with the steps between them that people choose. */
const stops: Readonly<Record<Axis, readonly number[]>> = {
  concurrency: [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256],
  inputTokens: [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768],
  outputTokens: [16, 32, 64, 128, 256, 512, 1024, 2048],
}

export interface SensitivityProps {
  readonly plan: DeploymentPlan
}

interface Answer {
  readonly load: Load
  readonly axis: Axis
  readonly here: Prediction | undefined
  /** One for each stop of the axis. */
  readonly curve: readonly (Prediction | undefined)[]
}

export function Sensitivity({ plan }: SensitivityProps) {
  const words = useWords('sim', simWords)
  const format = useBudFormat()
  const client = useBudClient()
  const [axis, setAxis] = useState<Axis>('concurrency')
  const [load, setLoad] = useState<Load>(() => toLoad(plan.workload))
  const [answer, setAnswer] = useState<Answer | undefined>(undefined)
  const ask = useAction(async (question: { readonly load: Load; readonly axis: Axis }, signal) => {
    const loads = [question.load, ...stops[question.axis].map((stop) => ({ ...question.load, [question.axis]: stop }))]
    const [here, ...curve] = await predict(client, plan, loads, signal)
    setAnswer({ ...question, here, curve })
  })
  const { run } = ask
  useEffect(() => {
    run({ load, axis })
  }, [run, load, axis, plan])
  const here = answer?.here
  return (
    <Panel title={words.sensitivity} className="bud-sensitivity">
      <div className="bud-sensitivity-body">
        <div className="bud-sliders">
          {axes.map((name) => (
            <Slider
              key={name}
              label={words[name]}
              stops={stops[name]}
              value={load[name]}
              write={format.count}
              onChange={(value) => {
                setAxis(name)
                setLoad({ ...load, [name]: value })
              }}
            />
          ))}
        </div>
        <div>
          {ask.state.kind === 'failed' ? <ErrorNotice message={ask.state.error.message} /> : null}
          {answer !== undefined && here === undefined ? <p className="bud-field-error">{words.refused}</p> : null}
          <dl className="bud-measures" aria-live="polite">
            <Measure name={words.throughput} interval={here?.outputTokensPerSecond} write={format.decimal} />
            <Measure name={words.firstToken} interval={here?.timeToFirstTokenMs} write={format.duration} />
            <Measure name={words.perToken} interval={here?.timePerOutputTokenMs} write={format.duration} />
          </dl>
          {answer === undefined ? null : <Curve answer={answer} />}
        </div>
      </div>
    </Panel>
  )
}

interface SliderProps {
  readonly label: string
  readonly stops: readonly number[]
  readonly value: number
  readonly write: (value: number) => string
  readonly onChange: (value: number) => void
}

function Slider({ label, stops: choices, value, write, onChange }: SliderProps) {
  const id = useId()
  const at = nearest(choices, value)
  return (
    <div className="bud-slider">
      <label htmlFor={id}>
        {label} <b>{write(value)}</b>
      </label>
      <input
        id={id}
        type="range"
        min={0}
        max={choices.length - 1}
        value={at}
        aria-valuetext={write(choices[at] ?? value)}
        onChange={(event) => onChange(choices[Number(event.target.value)] ?? value)}
      />
    </div>
  )
}

interface MeasureProps {
  readonly name: string
  readonly interval: { readonly low: number; readonly mid: number; readonly high: number } | undefined
  readonly write: (value: number) => string
}

function Measure({ name, interval, write }: MeasureProps) {
  return (
    <div className="bud-measure">
      <dt>{name}</dt>
      <dd>
        <b>{interval === undefined ? '–' : write(interval.mid)}</b>
        <span className="bud-muted">{interval === undefined ? '\u00a0' : `${write(interval.low)} – ${write(interval.high)}`}</span>
      </dd>
    </div>
  )
}

const box = { width: 100, height: 30 }

/** Throughput along the axis that was moved last, with the present load marked. */
function Curve({ answer: { axis, load, curve } }: { readonly answer: Answer }) {
  const words = useWords('sim', simWords)
  const format = useBudFormat()
  const values = curve.map((each) => each?.outputTokensPerSecond.mid ?? null)
  const range = toRange(values)
  const choices = stops[axis]
  const marked = nearest(choices, load[axis])
  const path = useMemo(() => (range === undefined ? '' : toLinePath(values, { low: 0, high: range.high }, box)), [values, range])
  return (
    <figure className="bud-curve">
      <figcaption>{words.curve(words.throughput, words[axis].toLocaleLowerCase(format.locale))}</figcaption>
      <svg viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
        <path className="bud-sparkline-line" d={path} vectorEffect="non-scaling-stroke" />
        <path className="bud-curve-mark" d={`M${String((marked / (choices.length - 1)) * 100)} 0v30`} vectorEffect="non-scaling-stroke" />
      </svg>
      <p className="bud-curve-ends" dir="ltr" aria-hidden="true">
        <span>{format.count(choices[0] ?? 0)}</span>
        <span>{format.count(choices.at(-1) ?? 0)}</span>
      </p>
      <p className="bud-hidden">
        {choices
          .map((stop, index) => `${format.count(stop)}: ${values[index] === null ? '–' : format.decimal(values[index] ?? 0)}`)
          .join(', ')}
      </p>
    </figure>
  )
}

function nearest(choices: readonly number[], value: number): number {
  return choices.reduce((best, choice, index) => (Math.abs(choice - value) < Math.abs((choices[best] ?? 0) - value) ? index : best), 0)
}

function toLoad({ concurrency = 16, inputTokens, outputTokens }: Workload): Load {
  return { concurrency, inputTokens, outputTokens }
}

async function predict(client: BudClient, plan: DeploymentPlan, workloads: readonly Load[], signal: AbortSignal) {
  const answer = await client.call({ address: consoleOperations.predict, body: { plan, workloads } }, { signal })
  return readList(readFields(answer, 'predict')['data'], 'predict.data').map((item, index) => {
    if (item === null) return undefined
    const where = `predict.data[${String(index)}]`
    const fields = readFields(item, where)
    for (const name of ['timeToFirstTokenMs', 'timePerOutputTokenMs', 'outputTokensPerSecond'] as const) {
      readNumber(readFields(fields[name], `${where}.${name}`), 'mid', `${where}.${name}`)
    }
    // Safe: the numbers that are shown were checked above.
    return fields as unknown as Prediction
  })
}
