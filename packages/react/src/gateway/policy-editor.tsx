'use client'
/** The routing of one model: its policy, the order and weight of its targets, and what that would have done with the last requests. */
import type { RequestEvent } from '@bud-foundry/core'
import { useState } from 'react'
import { useBudFormat, useWords } from '../hook/bud-context.ts'
import { useAction } from '../hook/use-action.ts'
import { useAdmin, useAdminClient } from '../hook/use-admin.ts'
import { useResource } from '../hook/use-resource.ts'
import { Field } from '../part/field.tsx'
import { Loaded, Panel } from '../part/loaded.tsx'
import { gatewayWords } from './gateway-words.ts'
import { isWeight, readModels, toConfig, toDryRun, type DraftTarget, type RoutedModel } from './policy-draft.ts'

const policies = [
  'weighted',
  'priority',
  'round-robin',
  'least-in-flight',
  'p2c-peak-ewma',
  'lowest-cost',
  'slo-aware',
  'prefix-aware',
  'session-affinity',
] as const
/** Recorded requests that are replayed. */
const recordedMax = 500

export function PolicyEditor() {
  const words = useWords('gateway', gatewayWords)
  const config = useAdmin('getConfig', {})
  const [chosen, setChosen] = useState<string | undefined>(undefined)
  // Said until something is changed again: the form below is made anew with what is in force.
  const [applied, setApplied] = useState<string | undefined>(undefined)
  return (
    <Panel title={words.editor}>
      <Loaded
        resource={config}
        isEmpty={(data) => readModels(data).length === 0}
        empty={{ title: words.noRoutes, hint: words.noRoutesHint }}
      >
        {(data) => {
          const models = readModels(data)
          const model = models.find(({ name }) => name === chosen) ?? models[0]
          if (model === undefined) return null
          return (
            <div className="bud-policy">
              <span className="bud-select-field">
                <select
                  className="bud-select"
                  aria-label={words.model}
                  value={model.name}
                  onChange={(event) => setChosen(event.target.value)}
                >
                  {models.map(({ name }) => (
                    <option key={name}>{name}</option>
                  ))}
                </select>
              </span>
              <ModelPolicy
                key={`${model.name} ${JSON.stringify(model.targets)} ${model.policy}`}
                config={data}
                model={model}
                isApplied={applied === model.name}
                onChange={() => setApplied(undefined)}
                onApplied={() => {
                  setApplied(model.name)
                  config.reload()
                }}
              />
            </div>
          )
        }}
      </Loaded>
    </Panel>
  )
}

interface ModelPolicyProps {
  readonly config: unknown
  readonly model: RoutedModel
  readonly isApplied: boolean
  readonly onChange: () => void
  readonly onApplied: () => void
}

function ModelPolicy({ config, model, isApplied, onChange, onApplied }: ModelPolicyProps) {
  const words = useWords('gateway', gatewayWords)
  const admin = useAdminClient()
  const [policy, showPolicy] = useState(model.policy)
  const [targets, showTargets] = useState<readonly DraftTarget[]>(model.targets)
  const send = useAction(async (name: 'checkConfig' | 'putConfig', signal) => {
    await admin.call(name, { body: toConfig(config, { name: model.name, policy, targets }) }, { signal })
    if (name === 'putConfig') onApplied()
    return name
  })
  // What was checked is no longer what is shown.
  const setPolicy = (next: string) => {
    showPolicy(next)
    send.reset()
    onChange()
  }
  const setTargets = (next: readonly DraftTarget[]) => {
    showTargets(next)
    send.reset()
    onChange()
  }
  const wrong = targets.find(({ weight }) => !isWeight(weight))
  const move = (index: number, step: number) => {
    const next = [...targets]
    const [moved] = next.splice(index, 1)
    if (moved !== undefined) next.splice(index + step, 0, moved)
    setTargets(next)
  }
  const isBusy = send.state.kind === 'busy'
  return (
    <>
      <span className="bud-select-field">
        <select className="bud-select" aria-label={words.policy} value={policy} onChange={(event) => setPolicy(event.target.value)}>
          {[...new Set([...policies, model.policy])].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </span>
      <ol className="bud-fallback" aria-label={words.order}>
        {targets.map((target, index) => (
          <li key={target.id}>
            <span className="bud-fallback-rank">{index + 1}</span>
            <b>{target.id}</b>
            <Field
              label={words.weight(target.id)}
              inputMode="decimal"
              value={target.weight}
              onChange={(weight) => setTargets(targets.map((each) => (each === target ? { ...each, weight } : each)))}
            />
            <button
              type="button"
              className="bud-button bud-button-icon"
              aria-label={words.up(target.id)}
              disabled={index === 0}
              onClick={() => move(index, -1)}
            >
              ↑
            </button>
            <button
              type="button"
              className="bud-button bud-button-icon"
              aria-label={words.down(target.id)}
              disabled={index === targets.length - 1}
              onClick={() => move(index, 1)}
            >
              ↓
            </button>
          </li>
        ))}
      </ol>
      <DryRun model={model.name} policy={policy} targets={targets} />
      {send.state.kind === 'failed' ? (
        <p className="bud-field-error" role="alert">
          {send.state.error.message}
        </p>
      ) : null}
      {wrong === undefined ? null : (
        <p className="bud-field-error" role="alert">
          {words.weightInvalid(wrong.id)}
        </p>
      )}
      <p role="status">{isApplied ? words.applied : send.state.kind === 'done' ? words.valid : ''}</p>
      <div className="bud-dialog-actions">
        <button type="button" className="bud-button" disabled={isBusy || wrong !== undefined} onClick={() => send.run('checkConfig')}>
          {words.check}
        </button>
        <button
          type="button"
          className="bud-button bud-button-primary"
          disabled={isBusy || wrong !== undefined}
          onClick={() => send.run('putConfig')}
        >
          {words.apply}
        </button>
      </div>
    </>
  )
}

interface DryRunProps {
  readonly model: string
  readonly policy: string
  readonly targets: readonly DraftTarget[]
}

function DryRun({ model, policy, targets }: DryRunProps) {
  const words = useWords('gateway', gatewayWords)
  const format = useBudFormat()
  const recorded = useResource<readonly RequestEvent[]>({
    key: `recorded:${model}`,
    refreshMs: 30_500,
    load: async (client, signal) => (await client.requests({ model, limit: recordedMax }, { signal })).data,
  })
  return (
    <Loaded resource={recorded} isEmpty={(data) => data.length === 0} empty={{ title: words.noRecorded }}>
      {(data) => (
        <div className="bud-scroll" tabIndex={0} role="group" aria-label={words.dryRun}>
          <p className="bud-card-facts">{words.dryRunHint(format.count(data.length))}</p>
          <table className="bud-table">
            <caption className="bud-hidden">{words.dryRun}</caption>
            <thead>
              <tr>
                <th scope="col">{words.target}</th>
                <th scope="col" className="bud-number">
                  {words.was}
                </th>
                <th scope="col" className="bud-number">
                  {words.wouldBe}
                </th>
              </tr>
            </thead>
            <tbody>
              {toDryRun(data, policy, targets).map(({ id, was, wouldBe }) => (
                <tr key={id}>
                  <th scope="row">{id}</th>
                  <td className="bud-number">{format.percent(was)}</td>
                  <td className="bud-number">{wouldBe === undefined ? '–' : format.percent(wouldBe)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Loaded>
  )
}
