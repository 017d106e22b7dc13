/** Joins a target's base URL with the path of an operation, once per target. */
import type { CanonicalOperation, Target } from '@bud-foundry/core'

/** `path` below the base's own path; the base's query stays. */
export function joinUrl(base: URL, path: string): URL {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`
  return url
}

/** A function that computes each target's URLs once: targets are immutable, and parsing URLs costs microseconds on the hot path. */
export function endpointUrls(
  compute: (operation: CanonicalOperation, target: Target) => URL,
): (operation: CanonicalOperation, target: Target) => URL {
  const byTarget = new WeakMap<Target, Map<CanonicalOperation, URL>>()
  return (operation, target) => {
    let urls = byTarget.get(target)
    if (urls === undefined) byTarget.set(target, (urls = new Map<CanonicalOperation, URL>()))
    let url = urls.get(operation)
    if (url === undefined) urls.set(operation, (url = compute(operation, target)))
    return url
  }
}
