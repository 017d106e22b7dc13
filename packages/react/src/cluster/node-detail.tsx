'use client'
/** One machine of a cluster: its state, its devices and how they are shared, and what runs on it. */
import type { ClusterNode } from '../client/cluster-client.ts'
import { useBudFormat, useWords } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'
import { Panel } from '../part/loaded.tsx'
import { clusterWords } from './cluster-words.ts'
import { FleetMap } from './fleet-map.tsx'

export interface NodeDetailProps {
  readonly node: ClusterNode
  readonly onClose?: (() => void) | undefined
}

/** Conditions that are bad when they hold; the others are bad when they do not. */
const isProblem = (type: string) => type.endsWith('Pressure') || type.endsWith('Unavailable')

export function NodeDetail({ node, onClose }: NodeDetailProps) {
  const words = useWords('clusters', clusterWords)
  const format = useBudFormat()
  const { name, isReady, devices, available, cpu, memory, pods, conditions = [], system = {} } = node
  const facts: readonly (readonly [string, string | undefined])[] = [
    [words.cpu, cpu],
    [words.memory, memory],
    [words.devices, devices === 0 ? words.noDevices : words.free(format.count(available), format.count(devices))],
    ...Object.entries(system).map(([key, value]) => [words.system[key] ?? key, value] as const),
  ]
  return (
    <Panel
      title={words.nodeDetail(name)}
      className="bud-node"
      actions={
        <>
          <span className="bud-badge" data-tone={isReady ? 'good' : 'bad'}>
            {isReady ? words.ready : words.notReady}
          </span>
          {onClose === undefined ? null : (
            <button type="button" className="bud-button bud-button-ghost bud-button-icon" aria-label={words.closeNode} onClick={onClose}>
              <Icon name="close" />
            </button>
          )}
        </>
      }
    >
      <div className="bud-node-body">
        <dl className="bud-facts">
          {facts.map(([title, value]) =>
            value === undefined || value === '' ? null : (
              <div key={title}>
                <dt>{title}</dt>
                <dd>
                  <bdi>{value}</bdi>
                </dd>
              </div>
            ),
          )}
        </dl>
        {devices === 0 ? null : <FleetMap nodes={[node]} />}
        {conditions.length === 0 ? null : (
          <ul className="bud-rows" aria-label={words.conditions}>
            {conditions.map(({ type, isTrue, message }) => (
              <li key={type}>
                <span className="bud-dot" data-tone={isTrue === isProblem(type) ? 'bad' : 'good'} />
                <b>{type}</b>
                <span>{isTrue ? words.yes : words.no}</span>
                <span className="bud-muted">{message}</span>
              </li>
            ))}
          </ul>
        )}
        <ul className="bud-pods" aria-label={words.pods}>
          {pods.length === 0 ? <li className="bud-muted">{words.noPods}</li> : null}
          {pods.map((pod) => (
            <li key={pod}>
              <code dir="ltr">{pod}</code>
            </li>
          ))}
        </ul>
      </div>
    </Panel>
  )
}
