/** Which page the address names, and over which time range. The part after `#` serves, so that any static host can serve the console. */
import type { TimeRangeLength } from '@bud-foundry/react/time-range'
import { useSyncExternalStore } from 'react'

export const pages = ['overview', 'metrics', 'requests', 'gateway', 'playground', 'plan', 'clusters', 'keys'] as const
export type PageName = (typeof pages)[number]

export const pageNames: Readonly<Record<PageName, string>> = {
  overview: 'Overview',
  metrics: 'Metrics',
  requests: 'Requests',
  gateway: 'Gateway',
  playground: 'Playground',
  plan: 'Plan',
  clusters: 'Clusters',
  keys: 'Keys',
}

export interface Route {
  readonly page: PageName
  readonly requestId: string | undefined
  readonly clusterId: string | undefined
  /** Whose requests the page speaks of; undefined for all. Kept from page to page, like the range. */
  readonly project: string | undefined
  /** Which requests are listed; undefined for all. */
  readonly outcome: Outcome | undefined
  readonly model: string | undefined
  /** How far back the page looks; kept from page to page. */
  readonly range: TimeRangeLength
}

export const outcomes = ['success', 'error', 'rejected', 'partial', 'aborted'] as const
export type Outcome = (typeof outcomes)[number]

const ranges: readonly TimeRangeLength[] = ['15m', '1h', '6h', '24h', '7d', '30d']

export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?')
  const [name, rest] = path.split('/')
  const parameters = new URLSearchParams(search)
  const asked = parameters.get('range')
  const id = rest === undefined || rest === '' ? undefined : decodeSegment(rest)
  return {
    page: pages.find((page) => page === name) ?? 'overview',
    requestId: name === 'requests' ? id : undefined,
    clusterId: name === 'clusters' ? id : undefined,
    project: parameters.get('project') ?? undefined,
    outcome: name === 'requests' ? outcomes.find((outcome) => outcome === parameters.get('outcome')) : undefined,
    model: name === 'requests' ? (parameters.get('model') ?? undefined) : undefined,
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

export function toHash({
  page,
  requestId,
  clusterId,
  project,
  outcome,
  model,
  range = '1h',
}: Partial<Route> & { readonly page: PageName }): string {
  const id = page === 'requests' ? requestId : page === 'clusters' ? clusterId : undefined
  const path = page === 'overview' ? '' : id === undefined ? page : `${page}/${encodeURIComponent(id)}`
  const filters = page === 'requests' ? { outcome, model } : {}
  const given = Object.entries({ range: range === '1h' ? undefined : range, project, ...filters }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  const search = new URLSearchParams(given).toString()
  return `#/${path}${search === '' ? '' : `?${search}`}`
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
