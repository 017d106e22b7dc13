'use client'
/** Rules of autoscaling, and what the scaler would do with them under a load, decision by decision. */
import { useEffect, useMemo, useState } from 'react'
import type { ScaleRules } from '../client/cluster-client.ts'
import { useBudFormat, useWords } from '../hook/bud-context.ts'
import { useAction } from '../hook/use-action.ts'
import { useClusterClient } from '../hook/use-clusters.ts'
import { Field } from '../part/field.tsx'
import { ErrorNotice } from '../part/notice.tsx'
import { Panel } from '../part/loaded.tsx'
import { TimeSeriesChart } from '../time-series/time-series-chart.tsx'
import { autoscaleWords } from './autoscale-words.ts'

const fields = [
  'minReplicas',
  'maxReplicas',
  'targetPerReplica',
  'peakRequests',
  'startSeconds',
  'usdPerReplicaHour',
  'usdPerHourMax',
] as const
const optional: readonly string[] = ['usdPerReplicaHour', 'usdPerHourMax']
const shapes = ['day', 'spike', 'steady'] as const
/** After the last key. */
const waitMs = 40

type Draft = Readonly<Record<(typeof fields)[number], string>> & { readonly shape: ScaleRules['shape'] }

export interface AutoscaleFormProps {
  readonly initial?: Partial<Draft> | undefined
}

const usual: Draft = {
  minReplicas: '1',
  maxReplicas: '8',
  targetPerReplica: '16',
  peakRequests: '90',
  startSeconds: '120',
  usdPerReplicaHour: '2.99',
  usdPerHourMax: '',
  shape: 'day',
}

export function AutoscaleForm({ initial }: AutoscaleFormProps) {
  const words = useWords('autoscale', autoscaleWords)
  const clusters = useClusterClient()
  const [draft, setDraft] = useState<Draft>({ ...usual, ...initial })
  const preview = useAction((rules: ScaleRules, signal) => clusters.previewScaling(rules, { signal }))
  const rules = useMemo(() => toRules(draft), [draft])
  const { run } = preview
  useEffect(() => {
    if (typeof rules === 'string') return
    const timer = setTimeout(() => run(rules), waitMs)
    return () => {
      clearTimeout(timer)
    }
  }, [rules, run])
  return (
    <Panel title={words.label} className="bud-autoscale">
      <div className="bud-autoscale-body">
        <div className="bud-form-columns">
          {fields.map((name) => (
            <Field
              key={name}
              label={words[name]}
              inputMode="decimal"
              placeholder={optional.includes(name) ? words.unlimited : undefined}
              value={draft[name]}
              onChange={(value) => setDraft({ ...draft, [name]: value })}
            />
          ))}
          <div className="bud-field" role="group" aria-label={words.shape}>
            <span className="bud-field-hint">{words.shape}</span>
            <span className="bud-badges">
              {shapes.map((shape) => (
                <button
                  key={shape}
                  type="button"
                  className="bud-chip"
                  aria-pressed={shape === draft.shape}
                  onClick={() => setDraft({ ...draft, shape })}
                >
                  {words.shapes[shape]}
                </button>
              ))}
            </span>
          </div>
        </div>
        {typeof rules === 'string' ? (
          <p className="bud-field-error" role="alert">
            {words.invalid(words[rules])}
          </p>
        ) : null}
        {preview.state.kind === 'failed' ? <ErrorNotice message={preview.state.error.message} /> : null}
        <Preview preview={preview.state.kind === 'done' ? preview.state.result : undefined} perReplica={Number(draft.targetPerReplica)} />
      </div>
    </Panel>
  )
}

interface PreviewProps {
  readonly preview: Awaited<ReturnType<ReturnType<typeof useClusterClient>['previewScaling']>> | undefined
  readonly perReplica: number
}

function Preview({ preview: next, perReplica }: PreviewProps) {
  const words = useWords('autoscale', autoscaleWords)
  const format = useBudFormat()
  // The last one stays while the next is made.
  const [preview, setPreview] = useState(next)
  useEffect(() => {
    if (next !== undefined) setPreview(next)
  }, [next])
  const chart = useMemo(() => {
    const points = preview?.points ?? []
    return {
      times: points.map(({ seconds }) => seconds * 1_000),
      series: [
        {
          label: words.needed,
          values: points.map(({ requests }) => Math.round((requests / Math.max(perReplica, 1e-9)) * 100) / 100),
          tone: 'neutral',
          isFilled: true,
        },
        { label: words.replicas, values: points.map(({ replicas }) => replicas), tone: 'accent' },
        { label: words.ready, values: points.map(({ readyReplicas }) => readyReplicas), tone: 'second' },
      ],
    } as const
  }, [preview, perReplica, words])
  const facts =
    preview === undefined
      ? []
      : [
          words.served(format.percent(preview.servedShare)),
          words.hours(format.decimal(preview.replicaHours)),
          preview.usd === undefined ? undefined : words.usd(format.usd(preview.usd)),
        ].filter((each) => each !== undefined)
  return (
    <>
      <TimeSeriesChart
        title={words.preview}
        timesUnixMs={chart.times}
        series={chart.series}
        write={format.decimal}
        writeTime={format.duration}
        isLoading={preview === undefined}
      />
      <p className="bud-card-facts" role="status">
        {facts.join(' · ')}
      </p>
    </>
  )
}

/** The rules, or the first field that is no number. */
export function toRules(draft: Draft): ScaleRules | (typeof fields)[number] {
  for (const name of fields) {
    const text = draft[name].trim()
    if (text === '' && optional.includes(name)) continue
    if (text === '' || !(Number(text) >= 0)) return name
  }
  const given = Object.fromEntries(fields.filter((name) => draft[name].trim() !== '').map((name) => [name, Number(draft[name])]))
  // Safe: every field that is not optional was checked above.
  return { ...given, shape: draft.shape } as unknown as ScaleRules
}
