'use client'
/** Requests as a table whose rows open: given ones, or the live list of a server. */
import type { RequestEvent } from '@bud-foundry/core'
import { useCallback, useState, type ReactNode } from 'react'
import type { RequestQuery, RequestStart } from '../client/wire.ts'
import { useBudStrings } from '../hook/bud-context.ts'
import { useNow } from '../hook/use-now.ts'
import { useOlderRequests } from '../hook/use-older-requests.ts'
import { mergeRequests, useRequests } from '../hook/use-requests.ts'
import { readRequest } from '../client/request-record.ts'
import { useResource } from '../hook/use-resource.ts'
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
        <th scope="col" className="bud-number" data-narrow>
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
  /** Offers the older pages; default false. */
  readonly hasMore?: boolean
}

/** Requests under way that are listed; a busy server has more than anyone can read. */
const inFlightShownMax = 5

/** The newest requests of the server; rows appear when they start and fill in when they end. */
export function LiveRequestTable({ query, hasMore = false, ...open }: LiveRequestTableProps) {
  const { common, requests: words } = useBudStrings()
  const { requests, inFlight, status, error, reload, data } = useRequests(query)
  const older = useOlderRequests(query, data?.nextCursor)
  const known = hasMore ? mergeRequests(requests, older.requests) : requests
  // The address may name a request of long ago.
  const isAway = open.openId !== undefined && status === 'ready' && !known.some(({ id }) => id === open.openId)
  const away = useResource<{ readonly found: RequestEvent | undefined } | undefined>({
    key: isAway ? `request:${open.openId ?? ''}` : 'request:none',
    load: async (client, signal) =>
      isAway && open.openId !== undefined ? { found: await readRequest(client, open.openId, { signal }) } : undefined,
  }).data
  if (status === 'error' && requests.length === 0) {
    return (
      <div className="bud bud-requests">
        <ErrorNotice message={error?.message ?? ''} onRetry={reload} />
      </div>
    )
  }
  const isFiltered = query?.model !== undefined || query?.outcome !== undefined || query?.projectId !== undefined
  const running = isFiltered ? [] : inFlight.slice(0, inFlightShownMax)
  // The list keeps its length while requests come and go, so that what is below does not jump.
  const listed = hasMore ? known : known.slice(0, Math.max((query?.limit ?? 50) - running.length, 1))
  const finished = isAway && away?.found !== undefined ? [away.found, ...listed] : listed
  return (
    <>
      {isAway && away !== undefined && away.found === undefined ? (
        <div className="bud">
          <EmptyNotice title={words.unknown} hint={words.unknownHint} />
        </div>
      ) : null}
      <RequestTable
        requests={finished}
        inFlight={running}
        placeholder={status === 'loading' ? <Skeleton label={common.loading} /> : undefined}
        {...open}
      />
      {hasMore && older.canLoad ? (
        <div className="bud bud-requests-more">
          <button type="button" className="bud-button bud-button-ghost" disabled={older.isLoading} onClick={older.load}>
            {older.isLoading ? common.loading : words.more}
          </button>
        </div>
      ) : null}
    </>
  )
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
