'use client'
/** One request of the table, and the row of details that opens under it. */
import type { RequestEvent } from '@bud-foundry/core'
import { memo, useEffect, useId, useRef, useState } from 'react'
import type { RequestStart } from '../client/wire.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'
import { RequestDetail } from './request-detail.tsx'
import { toTokensPerSecond, toTone } from './request-measures.ts'

export const columnCount = 8

export interface RequestRowProps {
  readonly request: RequestEvent
  readonly isOpen: boolean
  readonly nowUnixMs: number
  readonly onToggle: (id: string) => void
}

export const RequestRow = memo(function RequestRow({ request, isOpen, nowUnixMs, onToggle }: RequestRowProps) {
  const { requests, common } = useBudStrings()
  const format = useBudFormat()
  const detailId = useId()
  const rate = toTokensPerSecond(request)
  const outcome = requests.outcomes[request.outcome]
  return (
    <>
      <tr
        className="bud-row"
        data-open={isOpen}
        onClick={(event) => {
          // The button inside has its own click, and marking text must not toggle.
          if (event.target instanceof Element && event.target.closest('button') !== null) return
          if (getSelection()?.isCollapsed === false) return
          onToggle(request.id)
        }}
      >
        <td className="bud-cell-status">
          <button
            type="button"
            className="bud-row-toggle"
            aria-expanded={isOpen}
            aria-controls={isOpen ? detailId : undefined}
            aria-label={`${requests.showDetail(request.id)}, ${outcome}`}
            onClick={() => {
              onToggle(request.id)
            }}
          >
            <Icon name="chevron" />
          </button>
          <span className="bud-dot" data-tone={toTone(request.outcome)} />
          <span className="bud-status-code">{request.status}</span>
          <span className="bud-status-name">{request.outcome === 'success' ? '' : outcome}</span>
        </td>
        <td className="bud-cell-model">{request.model ?? request.requestedModel}</td>
        <td className="bud-cell-target" data-wide>
          {request.targetId ?? common.none}
          {request.attempts.length > 1 ? (
            <span className="bud-failover" title={requests.failover(request.attempts.length)}>
              <Icon name="failover" />
              <span aria-hidden="true">{request.attempts.length}</span>
              <span className="bud-hidden">{requests.failover(request.attempts.length)}</span>
            </span>
          ) : null}
        </td>
        <td className="bud-number">
          {request.timeToFirstTokenMs === undefined ? common.none : format.duration(request.timeToFirstTokenMs)}
        </td>
        <td className="bud-number" data-medium>
          {format.count(request.inputTokens)} <span className="bud-muted">→</span> {format.count(request.outputTokens)}
        </td>
        <td className="bud-number" data-wide>
          {rate === undefined ? common.none : format.decimal(rate)}
        </td>
        <td className="bud-number" data-narrow>
          {format.duration(request.durationMs)}
        </td>
        <td className="bud-number bud-cell-time">
          <time dateTime={new Date(request.timeUnixMs).toISOString()} title={format.dateTime(request.timeUnixMs)} suppressHydrationWarning>
            {format.relative(request.timeUnixMs, nowUnixMs)}
          </time>
        </td>
      </tr>
      {isOpen ? <DetailRow id={detailId} request={request} /> : null}
    </>
  )
})

/** Spans the columns that are shown: spanning hidden ones too would give them room. */
function DetailRow({ id, request }: { readonly id: string; readonly request: RequestEvent }) {
  const cell = useRef<HTMLTableCellElement>(null)
  const [span, setSpan] = useState(columnCount)
  useEffect(() => {
    const table = cell.current?.closest('table')
    if (table === null || table === undefined) return
    const observer = new ResizeObserver(() => {
      const shown = [...(table.tHead?.rows[0]?.cells ?? [])].filter((each) => each.getClientRects().length > 0)
      setSpan(Math.max(shown.length, 1))
    })
    observer.observe(table)
    return () => {
      observer.disconnect()
    }
  }, [])
  return (
    <tr className="bud-row-detail" id={id}>
      <td ref={cell} colSpan={span}>
        <RequestDetail request={request} />
      </td>
    </tr>
  )
}

export function RunningRow({ start, nowUnixMs }: { readonly start: RequestStart; readonly nowUnixMs: number }) {
  const { requests, common } = useBudStrings()
  const format = useBudFormat()
  const elapsedMs = Math.max(Math.floor((nowUnixMs - start.timeUnixMs) / 1000), 0) * 1000
  return (
    <tr className="bud-row bud-row-running">
      <td className="bud-cell-status">
        <span className="bud-row-toggle-space" />
        <span className="bud-dot bud-dot-running" />
        <span>{requests.running}</span>
      </td>
      <td className="bud-cell-model">{start.requestedModel}</td>
      <td data-wide className="bud-muted">
        {common.none}
      </td>
      <td className="bud-number bud-muted">{common.none}</td>
      <td className="bud-number bud-muted" data-medium>
        {common.none}
      </td>
      <td className="bud-number bud-muted" data-wide>
        {common.none}
      </td>
      <td className="bud-number bud-muted" data-narrow suppressHydrationWarning>
        {elapsedMs === 0 ? common.none : format.duration(elapsedMs)}
      </td>
      <td className="bud-number bud-cell-time" suppressHydrationWarning>
        {format.relative(start.timeUnixMs, nowUnixMs)}
      </td>
    </tr>
  )
}
