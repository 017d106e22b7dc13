'use client'
/** One operation on a cluster while it runs and after: its steps, how far it is, its log; cancelled and taken up again from here. */
import type { ClusterOperation } from '../client/cluster-client.ts'
import { useBudFormat, useWords } from '../hook/bud-context.ts'
import { useAction } from '../hook/use-action.ts'
import { useClusterClient, useClusterOperation, useClusterOperations } from '../hook/use-clusters.ts'
import { ErrorNotice } from '../part/notice.tsx'
import { Loaded, Panel } from '../part/loaded.tsx'
import { clusterWords } from './cluster-words.ts'

const tones = { running: undefined, done: 'good', failed: 'bad', cancelled: 'warning' } as const

export interface OperationViewProps {
  readonly operation: ClusterOperation
  readonly onCancel?: (() => void) | undefined
  readonly onResume?: (() => void) | undefined
}

export function OperationView({ operation, onCancel, onResume }: OperationViewProps) {
  const words = useWords('clusters', clusterWords)
  const format = useBudFormat()
  const { kind, deployment, status, done, total, etaSeconds, events, error, startedUnixMs, endedUnixMs } = operation
  const steps = toSteps(operation)
  const facts = [
    total === 0 ? undefined : words.progress(format.count(done), format.count(total)),
    status === 'running' && etaSeconds !== undefined ? words.eta(format.duration(etaSeconds * 1_000)) : undefined,
    endedUnixMs === undefined ? undefined : words.took(format.duration(endedUnixMs - startedUnixMs)),
  ].filter((each) => each !== undefined)
  return (
    <article className="bud bud-operation" aria-label={`${words.kinds[kind] ?? kind} ${deployment.name}`}>
      <header className="bud-card-head">
        <b>
          {words.kinds[kind]} {deployment.name}
        </b>
        <span className="bud-badge" data-tone={tones[status]} role="status">
          {words.states[status]}
        </span>
        <span className="bud-muted">{facts.join(' · ')}</span>
        <span className="bud-panel-actions">
          {status === 'running' && onCancel !== undefined ? (
            <button type="button" className="bud-button" onClick={onCancel}>
              {words.cancel}
            </button>
          ) : null}
          {(status === 'failed' || status === 'cancelled') && onResume !== undefined ? (
            <button type="button" className="bud-button" onClick={onResume}>
              {words.resume}
            </button>
          ) : null}
        </span>
      </header>
      <progress
        className="bud-progress"
        value={status === 'done' ? 1 : done}
        max={status === 'done' ? 1 : Math.max(total, 1)}
        aria-label={words.operations}
      />
      <ol className="bud-steps">
        {steps.map(({ step, state }) => (
          <li key={step} data-state={state}>
            {words.step[step] ?? step}
          </li>
        ))}
      </ol>
      {error === undefined ? null : <ErrorNotice title={words.states['failed']} message={error} />}
      <details className="bud-disclosure">
        <summary>
          {words.log} <span className="bud-muted">· {format.count(events.length)}</span>
        </summary>
        <ol className="bud-log" dir="ltr" tabIndex={0} aria-label={words.log}>
          {events.map(({ timeUnixMs, step, resource, state, message }, index) => (
            <li key={index}>
              <time>{format.time(timeUnixMs)}</time> {step} {resource} {state}
              {message === undefined ? '' : `: ${message}`}
            </li>
          ))}
        </ol>
      </details>
    </article>
  )
}

/** The steps in their order, each with the last that was heard of it. */
export function toSteps({ events, status }: ClusterOperation): readonly { readonly step: string; readonly state: string }[] {
  const steps = new Map<string, string>()
  for (const { step, state } of events) steps.set(step, state)
  return [...steps].map(([step, state], index, all) => ({
    step,
    state: state !== 'failed' && (status === 'done' || index < all.length - 1) ? 'done' : state,
  }))
}

interface ControlledProps {
  readonly clusterId: string
  readonly operation: ClusterOperation
  readonly onChange: () => void
}

/** With the buttons that cancel it and take it up again, and what became of pressing them. */
function ControlledOperation({ clusterId, operation, onChange }: ControlledProps) {
  const clusters = useClusterClient()
  const change = useAction(async (kind: 'cancel' | 'resume', signal) => {
    await clusters[kind](clusterId, operation.id, { signal })
    onChange()
  })
  return (
    <>
      {change.state.kind === 'failed' ? <ErrorNotice message={change.state.error.message} /> : null}
      <OperationView operation={operation} onCancel={() => change.run('cancel')} onResume={() => change.run('resume')} />
    </>
  )
}

/** Follows one operation until it ends. */
export function OperationProgress({ clusterId, operationId }: { readonly clusterId: string; readonly operationId: string }) {
  const words = useWords('clusters', clusterWords)
  const operation = useClusterOperation(clusterId, operationId)
  return (
    <Loaded resource={operation} isEmpty={() => false} empty={{ title: words.noOperations }}>
      {(data) => <ControlledOperation clusterId={clusterId} operation={data} onChange={operation.reload} />}
    </Loaded>
  )
}

export function OperationList({ clusterId }: { readonly clusterId: string }) {
  const words = useWords('clusters', clusterWords)
  const operations = useClusterOperations(clusterId)
  return (
    <Panel title={words.operations}>
      <Loaded
        resource={operations}
        isEmpty={(data) => data.length === 0}
        empty={{ title: words.noOperations, hint: words.noOperationsHint }}
      >
        {(data) => (
          <ul className="bud-cards">
            {data.map((operation) => (
              <li key={operation.id}>
                <ControlledOperation clusterId={clusterId} operation={operation} onChange={operations.reload} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}
