/** Which page the address names. The part after `#` serves, so that any static host can serve the console. */
import { useSyncExternalStore } from 'react'

export type Route =
  { readonly page: 'overview' } | { readonly page: 'requests'; readonly requestId: string | undefined } | { readonly page: 'plan' }

export function parseRoute(hash: string): Route {
  const [page, rest] = hash.replace(/^#\/?/, '').split('/')
  if (page === 'requests') return { page, requestId: rest === undefined || rest === '' ? undefined : decodeURIComponent(rest) }
  return page === 'plan' ? { page } : { page: 'overview' }
}

export function toHash(route: Route): string {
  if (route.page === 'overview') return '#/'
  if (route.page === 'plan') return '#/plan'
  return route.requestId === undefined ? '#/requests' : `#/requests/${encodeURIComponent(route.requestId)}`
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
