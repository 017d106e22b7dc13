'use client'
/** Requests as a table whose rows open: given ones, or the live list of a server. */
import type { RequestEvent } from '@bud-foundry/core'
import { useCallback, useState, type ReactNode } from 'react'
import type { RequestQuery, RequestStart } from '../client/wire.ts'
import { useBudStrings } from '../hook/bud-context.ts'
import { useNow } from '../hook/use-now.ts'
import { useRequests } from '../hook/use-requests.ts'
import { EmptyNotice, ErrorNotice } from '../part/notice.tsx'
import { RequestRow, RunningRow } from './request-row.tsx'

export interface RequestTableProps {
  /** In the order shown. */
  readonly requests: readonly RequestEvent[]
  /** Under way; shown first. */
  readonly inFlight?: readonly RequestStart[] | undefined
  /** The open row; with `onOpenChange`, controlled from outside, e.g. by the address of the page. */
  readonly openId?: string | undefined
  readonly onOpenChange?: ((id: string | undefined) => void) | undefined
  /** Shown instead of the empty state, e.g. while loading. */
  readonly placeholder?: ReactNode
}

export function RequestTable({ requests, inFlight = [], openId, onOpenChange, placeholder }: RequestTableProps) {
  const strings = useBudStrings()
  const nowUnixMs = useNow(1_000)
  const [ownOpenId, setOwnOpenId] = useState<string | undefined>(undefined)
  const open = onOpenChange === undefined ? ownOpenId : openId
  const setOpen = onOpenChange ?? setOwnOpenId
  const toggle = useCallback(
    (id: string) => {
      setOpen(id === open ? undefined : id)
    },
    [setOpen, open],
  )
  if (requests.length === 0 && inFlight.length === 0) {
    return (
      <div className="bud bud-requests">
        {placeholder ?? <EmptyNotice title={strings.requests.emptyTitle} hint={strings.requests.emptyHint} />}
      </div>
    )
  }
  return (
    <div className="bud bud-requests">
      <table className="bud-table">
        <caption className="bud-hidden">{strings.requests.caption}</caption>
        <Head />
        <tbody>
          {inFlight.map((start) => (
            <RunningRow key={start.id} start={start} nowUnixMs={nowUnixMs} />
          ))}
          {requests.map((request) => (
            <RequestRow
              key={request.id}
              request={request}
              isOpen={request.id === open}
              nowUnixMs={toCoarseNow(nowUnixMs, request.timeUnixMs)}
              onToggle={toggle}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Old rows say "5m ago" for a minute; a coarser present spares drawing them every second. */
function toCoarseNow(nowUnixMs: number, timeUnixMs: number): number {
  const ageMs = nowUnixMs - timeUnixMs
  if (ageMs < 60_000) return nowUnixMs
  return timeUnixMs + Math.floor(ageMs / 60_000) * 60_000
}

function Head() {
  const { requests } = useBudStrings()
  return (
    <thead>
      <tr>
        <th scope="col">{requests.status}</th>
        <th scope="col">{requests.model}</th>
        <th scope="col" data-wide>
          {requests.target}
        </th>
        <th scope="col" className="bud-number">
          <abbr title={requests.timeToFirstTokenTitle}>{requests.timeToFirstToken}</abbr>
        </th>
        <th scope="col" className="bud-number" data-medium title={requests.tokensTitle}>
          {requests.tokens}
        </th>
        <th scope="col" className="bud-number" data-wide title={requests.rateTitle}>
          {requests.rate}
        </th>
        <th scope="col" className="bud-number">
          {requests.duration}
        </th>
        <th scope="col" className="bud-number bud-cell-time">
          {requests.time}
        </th>
      </tr>
    </thead>
  )
}

export interface LiveRequestTableProps extends Pick<RequestTableProps, 'openId' | 'onOpenChange'> {
  readonly query?: RequestQuery | undefined
}

/** The newest requests of the server; rows appear when they start and fill in when they end. */
export function LiveRequestTable({ query, ...open }: LiveRequestTableProps) {
  const { common } = useBudStrings()
  const { requests, inFlight, status, error, reload } = useRequests(query)
  if (status === 'error' && requests.length === 0) {
    return (
      <div className="bud bud-requests">
        <ErrorNotice message={error?.message ?? ''} onRetry={reload} />
      </div>
    )
  }
  const placeholder = status === 'loading' ? <Skeleton label={common.loading} /> : undefined
  const isFiltered = query?.model !== undefined || query?.outcome !== undefined
  return <RequestTable requests={requests} inFlight={isFiltered ? [] : inFlight} placeholder={placeholder} {...open} />
}

function Skeleton({ label }: { readonly label: string }) {
  return (
    <div className="bud-skeleton-rows" role="status">
      <span className="bud-hidden">{label}</span>
      {[0, 1, 2, 3].map((row) => (
        <span key={row} className="bud-skeleton" />
      ))}
    </div>
  )
}
