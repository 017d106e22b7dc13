'use client'
/** Keys as rows: name, fingerprint, limits, state and what can be done; sorted, and drawn as far as they are seen. */
import { useMemo } from 'react'
import type { VirtualKey } from '../client/admin-client.ts'
import { DataTable, type DataColumn } from '../data-table/data-table.tsx'
import type { Format } from '../format/format.ts'
import type { BudStrings } from '../format/strings.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { useNow } from '../hook/use-now.ts'
import { toKeyStatus, toLimitText } from './key-facts.ts'

export interface KeyTableProps {
  readonly keys: readonly VirtualKey[]
  readonly onRotate?: ((key: VirtualKey) => void) | undefined
  readonly onRevoke?: ((key: VirtualKey) => void) | undefined
}

const statusTones = { active: 'good', revoked: 'bad', expired: 'warning' } as const

export function KeyTable({ keys: records, onRotate, onRevoke }: KeyTableProps) {
  const strings = useBudStrings()
  const format = useBudFormat()
  const nowMs = useNow(30_000)
  const columns = useMemo<readonly DataColumn<VirtualKey>[]>(
    () => [
      ...toColumns(strings, format, nowMs),
      {
        id: 'actions',
        title: strings.keys.actions,
        isTitleHidden: true,
        value: () => '',
        show: (record) => (
          <span className="bud-key-actions">
            {toKeyStatus(record, nowMs) === 'revoked' ? null : (
              <>
                <ActionButton name={strings.keys.rotate} record={record} onPress={onRotate} />
                <ActionButton name={strings.keys.revoke} record={record} onPress={onRevoke} />
              </>
            )}
          </span>
        ),
      },
    ],
    [strings, format, nowMs, onRotate, onRevoke],
  )
  return <DataTable title={strings.keys.label} columns={columns} rows={records} rowId={idOf} />
}

const idOf = ({ id }: VirtualKey) => id

function toColumns(strings: BudStrings, format: Format, nowMs: number): readonly DataColumn<VirtualKey>[] {
  const { keys, common } = strings
  const limitsOf = ({ limits = [] }: VirtualKey) =>
    limits.length === 0 ? common.none : limits.map((limit) => toLimitText(limit, strings, format)).join(', ')
  return [
    { id: 'name', title: keys.name, isHeader: true, value: ({ name }) => name },
    { id: 'key', title: keys.key, value: ({ prefix }) => prefix, show: ({ prefix }) => <code dir="ltr">{prefix}…</code> },
    { id: 'project', title: keys.project, value: ({ projectId }) => projectId },
    {
      id: 'models',
      title: keys.models,
      value: ({ models }) => models?.join(', ') ?? keys.allModels,
      show: ({ models }) => <bdi>{models?.join(', ') ?? keys.allModels}</bdi>,
    },
    { id: 'limits', title: keys.limits, value: limitsOf, show: (record) => <bdi>{limitsOf(record)}</bdi> },
    {
      id: 'created',
      title: keys.created,
      value: ({ createdUnixMs }) => createdUnixMs,
      show: ({ createdUnixMs }) => (
        <time dateTime={new Date(createdUnixMs).toISOString()} title={format.dateTime(createdUnixMs)}>
          {format.relative(createdUnixMs, nowMs)}
        </time>
      ),
    },
    {
      id: 'status',
      title: keys.status,
      value: (record) => keys[toKeyStatus(record, nowMs)],
      show: (record) => {
        const status = toKeyStatus(record, nowMs)
        return (
          <span className="bud-badge" data-tone={statusTones[status]}>
            {keys[status]}
          </span>
        )
      },
    },
  ]
}

interface ActionButtonProps {
  readonly name: string
  readonly record: VirtualKey
  readonly onPress: ((record: VirtualKey) => void) | undefined
}

function ActionButton({ name, record, onPress }: ActionButtonProps) {
  if (onPress === undefined) return null
  return (
    <button type="button" className="bud-button bud-button-ghost" aria-label={`${name}: ${record.name}`} onClick={() => onPress(record)}>
      {name}
    </button>
  )
}
