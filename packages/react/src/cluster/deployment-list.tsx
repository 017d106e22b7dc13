'use client'
/** What is deployed in a cluster: replicas, workers, cost, logs; removed from here after a question. */
import { useState } from 'react'
import type { ClusterDeployment } from '../client/cluster-client.ts'
import { useBudFormat, useWords } from '../hook/bud-context.ts'
import { useAction } from '../hook/use-action.ts'
import { useClusterClient, useClusterDeployments, useClusterLogs } from '../hook/use-clusters.ts'
import { Confirm } from '../part/confirm.tsx'
import { Loaded, Panel } from '../part/loaded.tsx'
import { clusterWords } from './cluster-words.ts'

const tones = { absent: 'bad', progressing: 'warning', ready: 'good', deleting: 'warning' } as const

export interface DeploymentListProps {
  readonly clusterId: string
  /** Hears the operation that a removal has started. */
  readonly onOperation?: ((id: string) => void) | undefined
}

export function DeploymentList({ clusterId, onOperation }: DeploymentListProps) {
  const words = useWords('clusters', clusterWords)
  const deployments = useClusterDeployments(clusterId)
  const clusters = useClusterClient()
  const [asking, setAsking] = useState<ClusterDeployment | undefined>(undefined)
  const remove = useAction(async ({ deployment }: ClusterDeployment, signal) => {
    const operation = await clusters.destroy(clusterId, deployment, { signal })
    setAsking(undefined)
    deployments.reload()
    onOperation?.(operation.id)
  })
  return (
    <Panel title={words.deployments}>
      <Loaded
        resource={deployments}
        isEmpty={(data) => data.length === 0}
        empty={{ title: words.noDeployments, hint: words.noDeploymentsHint }}
      >
        {(data) => (
          <ul className="bud-cards">
            {data.map((each) => (
              <li key={`${each.deployment.namespace}/${each.deployment.name}`}>
                <DeploymentCard clusterId={clusterId} deployment={each} onRemove={() => setAsking(each)} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {asking === undefined ? null : (
        <Confirm
          title={words.removeTitle(asking.deployment.name)}
          hint={words.removeHint}
          action={words.remove}
          cancel={words.cancel}
          isBusy={remove.state.kind === 'busy'}
          error={remove.state.kind === 'failed' ? remove.state.error.message : undefined}
          onConfirm={() => remove.run(asking)}
          onClose={() => {
            remove.reset()
            setAsking(undefined)
          }}
        />
      )}
    </Panel>
  )
}

interface DeploymentCardProps {
  readonly clusterId: string
  readonly deployment: ClusterDeployment
  readonly onRemove: () => void
}

function DeploymentCard({ clusterId, deployment: state, onRemove }: DeploymentCardProps) {
  const words = useWords('clusters', clusterWords)
  const format = useBudFormat()
  const [showsLogs, setShowsLogs] = useState(false)
  const { deployment, plan, status, replicas, readyReplicas, pods, problem, costUsdPerHour } = state
  return (
    <article className="bud-card" aria-label={deployment.name}>
      <header className="bud-card-head">
        <b>{deployment.name}</b>
        <span className="bud-badge" data-tone={tones[status]}>
          {words.status[status]}
        </span>
        <span className="bud-muted">
          {words.replicas(format.count(readyReplicas), format.count(replicas))}
          {costUsdPerHour === undefined ? '' : ` · ${words.perHour(format.usd(costUsdPerHour))}`}
        </span>
        <span className="bud-panel-actions">
          <button type="button" className="bud-button bud-button-ghost" aria-expanded={showsLogs} onClick={() => setShowsLogs(!showsLogs)}>
            {words.showLogs}
          </button>
          <button
            type="button"
            className="bud-button bud-button-ghost"
            aria-label={`${words.remove}: ${deployment.name}`}
            onClick={onRemove}
          >
            {words.remove}
          </button>
        </span>
      </header>
      <p className="bud-card-facts">
        {plan === undefined ? (
          words.noPlan
        ) : (
          <>
            <bdi>{plan.model.id}</bdi> · <bdi>{plan.hardwareId}</bdi> · <bdi>{`${plan.engine.id} ${plan.engine.version}`}</bdi>
          </>
        )}
      </p>
      {problem === undefined ? null : <p className="bud-card-note">{problem}</p>}
      <ul className="bud-pods" aria-label={words.pods}>
        {pods.map((pod) => (
          <li key={pod.name}>
            <span className="bud-dot" data-tone={pod.ready ? 'good' : 'warning'} />
            <code dir="ltr">{pod.name}</code>
            <span className="bud-muted">
              {[pod.nodeName, pod.reason ?? pod.phase, pod.restarts === 0 ? undefined : words.restarts(format.count(pod.restarts))]
                .filter((each) => each !== undefined)
                .join(' · ')}
            </span>
          </li>
        ))}
      </ul>
      {showsLogs ? <Logs clusterId={clusterId} deployment={state} /> : null}
    </article>
  )
}

function Logs({ clusterId, deployment: { deployment } }: Omit<DeploymentCardProps, 'onRemove'>) {
  const words = useWords('clusters', clusterWords)
  const format = useBudFormat()
  const logs = useClusterLogs(clusterId, deployment)
  return (
    <Loaded resource={logs} isEmpty={(data) => data.length === 0} empty={{ title: words.noLogs }}>
      {(data) => (
        <ol className="bud-log" dir="ltr" tabIndex={0} aria-label={words.logs(deployment.name)}>
          {data.map(({ timeUnixMs, replica, text }, index) => (
            <li key={index}>
              <time>{format.time(timeUnixMs)}</time> [{replica + 1}] {text}
            </li>
          ))}
        </ol>
      )}
    </Loaded>
  )
}
