/** Which page the address names, and over which time range. The part after `#` serves, so that any static host can serve the console. */
import type { TimeRangeLength } from '@bud-foundry/react/time-range'
import { useSyncExternalStore } from 'react'

export const pages = ['overview', 'metrics', 'requests', 'playground', 'plan', 'keys'] as const
export type PageName = (typeof pages)[number]

export const pageNames: Readonly<Record<PageName, string>> = {
  overview: 'Overview',
  metrics: 'Metrics',
  requests: 'Requests',
  playground: 'Playground',
  plan: 'Plan',
  keys: 'Keys',
}

export interface Route {
  readonly page: PageName
  readonly requestId: string | undefined
  /** How far back the page looks; kept from page to page. */
  readonly range: TimeRangeLength
}

const ranges: readonly TimeRangeLength[] = ['15m', '1h', '6h', '24h', '7d', '30d']

export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?')
  const [name, rest] = path.split('/')
  const asked = new URLSearchParams(search).get('range')
  return {
    page: pages.find((page) => page === name) ?? 'overview',
    requestId: name !== 'requests' || rest === undefined || rest === '' ? undefined : decodeSegment(rest),
    range: ranges.find((range) => range === asked) ?? '1h',
  }
}

/** An address that someone cut short must not take the page away. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

export function toHash({ page, requestId, range = '1h' }: Partial<Route> & { readonly page: PageName }): string {
  const path =
    page === 'overview' ? '' : page === 'requests' && requestId !== undefined ? `requests/${encodeURIComponent(requestId)}` : page
  return `#/${path}${range === '1h' ? '' : `?range=${range}`}`
}

export function go(route: Route): void {
  location.hash = toHash(route)
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => {
    removeEventListener('hashchange', listener)
  }
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash))
}
