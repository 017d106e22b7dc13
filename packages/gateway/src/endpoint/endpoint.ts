/** What the gateway answers under one path. Endpoints know the pipeline; the pipeline knows no endpoint. */
import type { BudError } from '@bud-foundry/core'
import type { RequestContext } from '../pipeline/request-context.ts'

export interface Endpoint {
  readonly method: 'GET' | 'POST'
  /** Exact, or closing with `/*` for everything below. */
  readonly path: string
  /** Dialect of its errors. */
  readonly dialectId: string
  /** Scope that a key needs; undefined for paths that are open to all. */
  readonly scope: string | undefined
  /** Answers while the gateway is starting or closing, too. */
  readonly alwaysOpen?: boolean | undefined
  serve(context: RequestContext): void
  /** Answers a request that was turned away; default: the error alone. */
  refused?(context: RequestContext, error: BudError): void
}

/** Finds endpoints by path. */
export class EndpointTable {
  readonly #exact = new Map<string, readonly Endpoint[]>()
  readonly #prefixes: (readonly [string, readonly Endpoint[]])[] = []

  constructor(endpoints: readonly Endpoint[]) {
    for (const endpoint of endpoints) {
      const all = endpoints.filter(({ path }) => path === endpoint.path)
      if (endpoint.path.endsWith('/*')) this.#prefixes.push([endpoint.path.slice(0, -1), all])
      else this.#exact.set(endpoint.path, all)
    }
  }

  /** Every endpoint of a path, one per method; empty when there is none. */
  find(path: string): readonly Endpoint[] {
    const exact = this.#exact.get(path)
    if (exact !== undefined) return exact
    for (const [prefix, endpoints] of this.#prefixes) if (path.startsWith(prefix) && path.length > prefix.length) return endpoints
    return []
  }
}
