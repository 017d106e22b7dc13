'use client'
/** What stands in for a widget's content until there is some: loading, failed, or nothing; and the word that data is old. */
import type { ReactNode } from 'react'
import type { LoadedResource } from '../hook/use-resource.ts'
import { useBudStrings } from '../hook/bud-context.ts'
import { EmptyNotice, ErrorNotice } from './notice.tsx'

export interface LoadedProps<T> {
  readonly resource: LoadedResource<T>
  readonly isEmpty: (data: T) => boolean
  readonly empty: { readonly title: string; readonly hint?: string | undefined }
  readonly children: (data: T) => ReactNode
}

export function Loaded<T>({ resource: { data, status, error, isStale, reload }, isEmpty, empty, children }: LoadedProps<T>) {
  const { common } = useBudStrings()
  if (data === undefined) {
    if (status === 'error') return <ErrorNotice message={error?.message ?? ''} onRetry={reload} />
    return (
      <div className="bud-skeleton-rows" role="status">
        <span className="bud-hidden">{common.loading}</span>
        {[0, 1, 2].map((row) => (
          <div key={row} className="bud-skeleton" />
        ))}
      </div>
    )
  }
  return (
    <>
      {isEmpty(data) ? <EmptyNotice title={empty.title} hint={empty.hint} /> : children(data)}
      {isStale ? <p className="bud-stale">{common.stale}</p> : null}
    </>
  )
}

export interface PanelProps {
  readonly title: string
  readonly actions?: ReactNode
  readonly isBusy?: boolean | undefined
  readonly className?: string | undefined
  readonly children: ReactNode
}

/** A titled box. */
export function Panel({ title, actions, isBusy = false, className, children }: PanelProps) {
  return (
    <section className={className === undefined ? 'bud bud-panel' : `bud bud-panel ${className}`} aria-label={title} aria-busy={isBusy}>
      <header className="bud-panel-header">
        <span className="bud-panel-title">{title}</span>
        {actions === undefined ? null : <span className="bud-panel-actions">{actions}</span>}
      </header>
      {children}
    </section>
  )
}
