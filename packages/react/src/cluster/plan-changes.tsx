'use client'
/** What applying a plan would change, object by object, what it would cost, and what to know before. */
import type { ClusterChanges } from '../client/cluster-client.ts'
import { useBudFormat, useBudStrings, useWords } from '../hook/bud-context.ts'
import { EmptyNotice } from '../part/notice.tsx'
import { clusterWords } from './cluster-words.ts'

const signs = { create: '+', update: '~', delete: '−' } as const
const tones = { info: undefined, warning: 'warning', blocker: 'bad' } as const
const write = (value: unknown) => (value === undefined ? '–' : JSON.stringify(value))

export function PlanChanges({ changes }: { readonly changes: ClusterChanges }) {
  const words = useWords('clusters', clusterWords)
  const { manifests } = useBudStrings()
  const format = useBudFormat()
  const { costUsdPerHour, costUsdPerMonth, findings } = changes
  return (
    <div className="bud bud-changes">
      {changes.changes.length === 0 ? (
        <EmptyNotice title={words.noChanges} />
      ) : (
        <ul className="bud-change-list" aria-label={words.changes}>
          {changes.changes.map(({ action, resource, fields }) => (
            <li key={resource} data-action={action}>
              <span className="bud-change-sign" aria-hidden="true">
                {signs[action]}
              </span>
              <span className="bud-hidden">{words.actions[action]}: </span>
              <code dir="ltr">{resource}</code>
              {action !== 'update' || fields.length === 0 ? null : (
                <ul>
                  {fields.map(({ path, before, after }) => (
                    <li key={path} dir="ltr">
                      <code>{path}</code> <span className="bud-muted">{words.from(write(before), write(after))}</span>
                    </li>
                  ))}
                </ul>
              )}
            </li>
          ))}
        </ul>
      )}
      {costUsdPerHour === undefined ? null : (
        <p className="bud-change-cost">
          <span className="bud-muted">{words.cost}</span> <b>{words.perHour(format.usd(costUsdPerHour))}</b>
          {costUsdPerMonth === undefined ? null : <span className="bud-muted"> · {words.perMonth(format.usd(costUsdPerMonth))}</span>}
        </p>
      )}
      {findings.map(({ severity, message }) => (
        <p key={message} className="bud-change-finding">
          <span className="bud-badge" data-tone={tones[severity]}>
            {manifests.findings[severity]}
          </span>{' '}
          {message}
        </p>
      ))}
    </div>
  )
}
