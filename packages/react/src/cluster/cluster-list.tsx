'use client'
/** Clusters with their machines: how many nodes and devices, what is free, and whether they are real. */
import type { ClusterInfo } from '../client/cluster-client.ts'
import { useBudFormat, useWords } from '../hook/bud-context.ts'
import { useClusters } from '../hook/use-clusters.ts'
import { Loaded, Panel } from '../part/loaded.tsx'
import { clusterWords } from './cluster-words.ts'
import { FleetMap } from './fleet-map.tsx'

export interface ClusterListProps {
  readonly selected?: string | undefined
  readonly onSelect?: ((id: string) => void) | undefined
}

export function ClusterList({ selected, onSelect }: ClusterListProps) {
  const words = useWords('clusters', clusterWords)
  const clusters = useClusters()
  return (
    <Panel title={words.label} isBusy={clusters.status === 'loading'}>
      <Loaded resource={clusters} isEmpty={(data) => data.length === 0} empty={{ title: words.empty, hint: words.emptyHint }}>
        {(data) => (
          <ul className="bud-cards">
            {data.map((cluster) => (
              <li key={cluster.id}>
                <ClusterCard
                  cluster={cluster}
                  isSelected={cluster.id === selected}
                  onSelect={onSelect === undefined ? undefined : () => onSelect(cluster.id)}
                />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}

export interface ClusterCardProps {
  readonly cluster: ClusterInfo
  readonly isSelected?: boolean | undefined
  readonly onSelect?: (() => void) | undefined
}

export function ClusterCard({ cluster, isSelected = false, onSelect }: ClusterCardProps) {
  const words = useWords('clusters', clusterWords)
  const format = useBudFormat()
  const total = cluster.nodes.reduce((sum, { devices }) => sum + devices, 0)
  const free = cluster.nodes.reduce((sum, { available }) => sum + available, 0)
  const ready = cluster.nodes.filter(({ isReady }) => isReady).length
  return (
    <article className="bud bud-card" data-selected={isSelected} aria-label={cluster.name}>
      <header className="bud-card-head">
        {onSelect === undefined ? (
          <b>{cluster.name}</b>
        ) : (
          <button type="button" className="bud-link" aria-pressed={isSelected} onClick={onSelect}>
            {cluster.name}
          </button>
        )}
        {cluster.isDemo ? (
          <span className="bud-badge" data-tone="warning" title={words.demoHint}>
            {words.demo}
          </span>
        ) : null}
        <span className="bud-muted">
          {cluster.platform} {cluster.version}
        </span>
      </header>
      <div className="bud-gauges">
        <Gauge
          label={words.devices}
          text={words.inUse(format.count(total - free), format.count(total))}
          share={total === 0 ? 0 : (total - free) / total}
        />
        <Gauge
          label={words.nodes}
          text={`${format.count(ready)} / ${format.count(cluster.nodes.length)} ${words.ready.toLocaleLowerCase(format.locale)}`}
          share={cluster.nodes.length === 0 ? 0 : ready / cluster.nodes.length}
          isGood
        />
      </div>
      <FleetMap nodes={cluster.nodes} />
      {cluster.isDemo ? <p className="bud-card-note">{words.demoHint}</p> : null}
      {cluster.findings.map(({ message }) => (
        <p key={message} className="bud-card-note">
          {message}
        </p>
      ))}
    </article>
  )
}

interface GaugeProps {
  readonly label: string
  readonly text: string
  readonly share: number
  /** Full is how it should be. */
  readonly isGood?: boolean
}

function Gauge({ label, text, share, isGood = false }: GaugeProps) {
  return (
    <div className="bud-gauge">
      <p>
        <span className="bud-muted">{label}</span> <b>{text}</b>
      </p>
      <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect className="bud-gauge-fill" data-good={isGood} width={share * 100} height="4" />
      </svg>
    </div>
  )
}
