'use client'
/** Every accelerator as a box: free, in use, or cut into slices. */
import type { ClusterNode } from '../client/cluster-client.ts'
import { useBudFormat, useWords } from '../hook/bud-context.ts'
import { clusterWords } from './cluster-words.ts'

/** Each box is an element; beyond this many machines the table of nodes is the better view. */
const nodesMax = 100

export function FleetMap({ nodes }: { readonly nodes: readonly ClusterNode[] }) {
  const words = useWords('clusters', clusterWords)
  const format = useBudFormat()
  const withDevices = nodes.filter(({ devices }) => devices > 0)
  const shown = withDevices.slice(0, nodesMax)
  const left = withDevices.length - shown.length
  return (
    <>
      <ul className="bud-fleet" aria-label={words.fleet}>
        {shown.map(({ name, hardwareId = '', devices, available, sharing, slices }) => (
          <li key={name}>
            <p className="bud-fleet-name">
              <span>{name}</span> <b>{hardwareId}</b>
              {sharing === undefined || sharing === 'whole' ? null : <span className="bud-badge">{words.sharing[sharing] ?? sharing}</span>}
            </p>
            <span className="bud-hidden">
              {words.fleetSummary(name, hardwareId, format.count(devices - available), format.count(devices))}
              {slices.map(({ profile, count }) => `, ${words.slice(format.count(count), words.sharing[profile] ?? profile)}`).join('')}
            </span>
            <div className="bud-fleet-devices" aria-hidden="true">
              {Array.from({ length: devices }, (_, index) => (
                <span key={index} className="bud-fleet-device" data-used={index < devices - available} data-sharing={sharing ?? 'whole'} />
              ))}
            </div>
            {slices.length === 0 ? null : (
              <p className="bud-fleet-slices" aria-hidden="true">
                {slices.map(({ profile, count }) => words.slice(format.count(count), words.sharing[profile] ?? profile)).join(' · ')}
              </p>
            )}
          </li>
        ))}
      </ul>
      {left === 0 ? null : <p className="bud-card-note">{words.moreNodes(format.count(left))}</p>}
    </>
  )
}
