'use client'
/** The machines of a cluster, one a row. */
import type { ClusterNode } from '../client/cluster-client.ts'
import { useBudFormat, useWords } from '../hook/bud-context.ts'
import { DataTable, type DataColumn } from '../data-table/data-table.tsx'
import { clusterWords } from './cluster-words.ts'

export interface NodeTableProps {
  readonly nodes: readonly ClusterNode[]
  /** Whose detail is shown. */
  readonly selected?: string | undefined
  /** Hears which machine was chosen; without it names are plain text. */
  readonly onSelect?: ((name: string) => void) | undefined
}

export function NodeTable({ nodes, selected, onSelect }: NodeTableProps) {
  const words = useWords('clusters', clusterWords)
  const format = useBudFormat()
  const columns: readonly DataColumn<ClusterNode>[] = [
    {
      id: 'name',
      title: words.node,
      isHeader: true,
      value: ({ name }) => name,
      show: ({ name }) =>
        onSelect === undefined ? (
          name
        ) : (
          <button type="button" className="bud-link" aria-pressed={name === selected} onClick={() => onSelect(name)}>
            {name}
          </button>
        ),
    },
    {
      id: 'ready',
      title: words.ready,
      value: ({ isReady }) => (isReady ? 1 : 0),
      show: ({ isReady }) => (
        <span className="bud-badge" data-tone={isReady ? 'good' : 'bad'}>
          {isReady ? words.ready : words.notReady}
        </span>
      ),
    },
    { id: 'hardware', title: words.hardware, value: ({ hardwareId }) => hardwareId ?? words.noDevices },
    {
      id: 'free',
      title: words.devices,
      isNumber: true,
      value: ({ available }) => available,
      show: ({ available, devices }) => (devices === 0 ? '–' : words.free(format.count(available), format.count(devices))),
    },
    {
      id: 'slices',
      title: words.slices,
      value: ({ slices, sharing }) =>
        slices.length > 0
          ? slices.map(({ profile, count }) => words.slice(format.count(count), words.sharing[profile] ?? profile)).join(', ')
          : (words.sharing[sharing ?? ''] ?? '–'),
    },
    { id: 'cpu', title: words.cpu, isNumber: true, value: ({ cpu }) => cpu },
    { id: 'memory', title: words.memory, isNumber: true, value: ({ memory }) => memory },
    { id: 'pods', title: words.pods, isNumber: true, value: ({ pods }) => pods.length },
  ]
  return <DataTable title={words.nodes} columns={columns} rows={nodes} rowId={({ name }) => name} />
}
