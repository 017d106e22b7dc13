'use client'
/** Keys as rows: name, fingerprint, limits, state and what can be done. */
import type { VirtualKey } from '../client/admin-client.ts'
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
  const { keys, common } = strings
  const format = useBudFormat()
  const nowMs = useNow(30_000)
  return (
    <div className="bud-scroll" tabIndex={0} role="group" aria-label={keys.label}>
      <table className="bud-table bud-key-table">
        <caption className="bud-hidden">{keys.label}</caption>
        <thead>
          <tr>
            {[keys.name, keys.key, keys.project, keys.models, keys.limits, keys.created, keys.status].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
            <th scope="col">
              <span className="bud-hidden">{keys.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {records.map((record) => {
            const status = toKeyStatus(record, nowMs)
            return (
              <tr key={record.id}>
                <th scope="row">{record.name}</th>
                <td>
                  <code dir="ltr">{record.prefix}…</code>
                </td>
                <td>{record.projectId}</td>
                <td>
                  <bdi>{record.models?.join(', ') ?? keys.allModels}</bdi>
                </td>
                <td>
                  <bdi>
                    {record.limits === undefined || record.limits.length === 0
                      ? common.none
                      : record.limits.map((limit) => toLimitText(limit, strings, format)).join(', ')}
                  </bdi>
                </td>
                <td>
                  <time dateTime={new Date(record.createdUnixMs).toISOString()} title={format.dateTime(record.createdUnixMs)}>
                    {format.relative(record.createdUnixMs, nowMs)}
                  </time>
                </td>
                <td>
                  <span className="bud-badge" data-tone={statusTones[status]}>
                    {keys[status]}
                  </span>
                </td>
                <td className="bud-key-actions">
                  {status === 'revoked' ? null : (
                    <>
                      {onRotate === undefined ? null : (
                        <button
                          type="button"
                          className="bud-button bud-button-ghost"
                          aria-label={`${keys.rotate}: ${record.name}`}
                          onClick={() => onRotate(record)}
                        >
                          {keys.rotate}
                        </button>
                      )}
                      {onRevoke === undefined ? null : (
                        <button
                          type="button"
                          className="bud-button bud-button-ghost"
                          aria-label={`${keys.revoke}: ${record.name}`}
                          onClick={() => onRevoke(record)}
                        >
                          {keys.revoke}
                        </button>
                      )}
                    </>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
