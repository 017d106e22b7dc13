'use client'
/** What a widget shows instead of data: nothing yet, or a failure with a way out. */
import type { ReactNode } from 'react'
import { useBudStrings } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'

export interface EmptyNoticeProps {
  readonly title: string
  readonly hint?: string | undefined
  readonly children?: ReactNode
}

export function EmptyNotice({ title, hint, children }: EmptyNoticeProps) {
  return (
    <div className="bud-notice">
      <p className="bud-notice-title">{title}</p>
      {hint === undefined ? null : <p className="bud-notice-hint">{hint}</p>}
      {children}
    </div>
  )
}

export interface ErrorNoticeProps {
  readonly title?: string | undefined
  readonly message: string
  readonly onRetry?: (() => void) | undefined
}

export function ErrorNotice({ title, message, onRetry }: ErrorNoticeProps) {
  const { common } = useBudStrings()
  return (
    <div className="bud-notice bud-notice-error" role="alert">
      <Icon name="warning" className="bud-notice-icon" />
      <div className="bud-notice-body">
        <p className="bud-notice-title">{title ?? common.failed}</p>
        <p className="bud-notice-hint">{message}</p>
      </div>
      {onRetry === undefined ? null : (
        <button type="button" className="bud-button" onClick={onRetry}>
          <Icon name="retry" />
          {common.retry}
        </button>
      )}
    </div>
  )
}
