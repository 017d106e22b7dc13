/** Serves questions over HTTP as a plain `fetch` handler: mount it in any server. */
import { isBudError, type BudError } from '@bud-foundry/core'
import type { MetricsReader } from '../ask/reader.ts'
import type { Scope } from '../ask/scope.ts'
import { metricsErrors } from '../errors.ts'
import { metricsLimits } from '../limits.ts'
import { createOpenApi } from './openapi.ts'
import { isFilter, routes, type MetricsOperations, type Route } from './routes.ts'

export interface MetricsHandlerOptions {
  readonly metrics: MetricsReader
  /** Whose rows the caller may see; undefined answers 401. */
  readonly authorize: (request: Request) => Scope | undefined | Promise<Scope | undefined>
  /** What operators, whose scope is every project, may change. Absent: nothing. */
  readonly operations?: MetricsOperations
  /** Default `/api/metrics`. */
  readonly basePath?: string
}

/** Filters may repeat (`model=a&model=b`); everything else must not. */
function readParams(url: URL): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const name of new Set(url.searchParams.keys())) {
    const all = url.searchParams.getAll(name)
    if (isFilter(name)) values[name] = all
    else if (all.length === 1) values[name] = all[0]
    else throw metricsErrors.QUESTION_INVALID({ issues: [{ path: name, message: 'is given more than once', fix: 'give it once' }] })
  }
  return values
}

const refuseBody = (message: string, fix: string) => metricsErrors.QUESTION_INVALID({ issues: [{ path: '(body)', message, fix }] })

/** Reads at most the limit, so that whoever sends more is cut off and not collected. */
async function readBody(request: Request): Promise<unknown> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  // Safe: the chunks of a request's body are bytes (Fetch standard).
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array> | readonly Uint8Array[]) {
    bytes += chunk.byteLength
    if (bytes > metricsLimits.questionBytes)
      throw refuseBody(`is longer than ${String(metricsLimits.questionBytes)} bytes`, 'ask fewer questions at once')
    text += decoder.decode(chunk, { stream: true })
  }
  try {
    return JSON.parse(text + decoder.decode())
  } catch (error) {
    throw refuseBody(`is not JSON (${error instanceof Error ? error.message : 'unreadable'})`, 'send a JSON object')
  }
}

function toErrorResponse(error: BudError): Response {
  const retry = error.retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(error.retryAfterMs / 1000)) }
  const details: unknown = metricsErrors.QUESTION_INVALID.is(error) ? error.details.issues : undefined
  const allow = metricsErrors.METHOD_UNSUPPORTED.is(error) ? { allow: error.details.allowed } : {}
  const headers = { ...retry, ...allow }
  return Response.json({ error: { code: error.code, message: error.message, issues: details } }, { status: error.status, headers })
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    throw metricsErrors.REQUEST_UNKNOWN({ id: segment }, { cause: error })
  }
}

/** The values of `{name}` in the path, or undefined when it is another path. */
function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const [expected, actual] = [pattern.split('/'), path.split('/')]
  if (expected.length !== actual.length) return undefined
  const segments: Record<string, string> = {}
  for (const [index, part] of expected.entries()) {
    const value = actual[index] ?? ''
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    if (name !== undefined && value !== '') segments[name] = decodeSegment(value)
    else if (part !== value) return undefined
  }
  return segments
}

function findRoute(method: string, path: string): { readonly route: Route; readonly segments: Readonly<Record<string, string>> } {
  const wanted = method === 'HEAD' ? 'GET' : method
  const here = routes.flatMap((route) => {
    const segments = matchPath(route.path, path)
    return segments === undefined ? [] : [{ route, segments }]
  })
  const found = here.find(({ route }) => route.method === wanted)
  if (found !== undefined) return found
  const [other] = here
  if (other !== undefined) throw metricsErrors.METHOD_UNSUPPORTED({ method, allowed: other.route.method })
  throw metricsErrors.ROUTE_UNKNOWN({ path })
}

/**
 * Serves the routes of its OpenAPI document, which is at `GET <basePath>/openapi.json`; errors are `{ error: { code, message, issues } }`.
 * @throws only what `authorize` throws and bugs: every error of the catalogue becomes a response
 */
export function createMetricsHandler({
  metrics,
  authorize,
  operations = {},
  basePath = '/api/metrics',
}: MetricsHandlerOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url)
    try {
      if (!url.pathname.startsWith(`${basePath}/`)) throw metricsErrors.ROUTE_UNKNOWN({ path: url.pathname })
      const path = url.pathname.slice(basePath.length)
      if (path === '/openapi.json' && request.method === 'GET') return Response.json(createOpenApi(basePath))
      const { route, segments } = findRoute(request.method, path)
      const scope = await authorize(request)
      if (scope === undefined) throw metricsErrors.UNAUTHORIZED()
      const answer = await route.answer({
        reader: metrics.scopedTo(scope),
        segments,
        query: readParams(url),
        body: route.body === undefined ? undefined : await readBody(request),
        signal: request.signal,
        request,
        operation: (name) => {
          const run = operations[name]
          if (run === undefined) throw metricsErrors.ROUTE_UNKNOWN({ path })
          if (scope.kind !== 'all') throw metricsErrors.OPERATION_REFUSED()
          return run
        },
      })
      return answer instanceof Response ? answer : Response.json(answer, { headers: { 'cache-control': 'no-store' } })
    } catch (error) {
      if (isBudError(error)) return toErrorResponse(error)
      throw error
    }
  }
}
