/** The administrative routes as one web-standard function: no framework, every answer JSON, every error of one shape. */
import { createId, isBudError, silentLogger, systemClock, systemRandom, type BudError, type Logger } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'
import { repeatedField } from '../governance/repeated-field.ts'
import { adminBodyBytes, auditedRefusalsPerDay, auditedRefusalsPerMinute, requestIdLength } from '../limits.ts'
import type { Admin } from './admin.ts'
import { describeOperations } from './openapi.ts'
import { unknownActorId, type AdminActor, type RefusedActor } from './actor.ts'
import type { AnyOperation } from './operation.ts'

export interface AdminHandlerOptions {
  /**
   * Finds out who asks. Throws what refuses strangers; whoever is known and may not comes back with what refuses them, so that the audit names them.
   * `changes` is false for operations that only read.
   */
  readonly authorize: (
    request: Request,
    asked: { readonly operation: string; readonly changes: boolean },
  ) => AdminActor | RefusedActor | Promise<AdminActor | RefusedActor>
  /** The caller's address, for the trace of those whom `authorize` refuses. */
  readonly clientIp?: ((request: Request) => string | undefined) | undefined
  /** In front of every path; default `/admin`. */
  readonly basePath?: string | undefined
  readonly logger?: Logger | undefined
}

interface Route {
  readonly name: string
  readonly operation: AnyOperation
  readonly segments: readonly string[]
}

const documentName = 'openapi'
const isParameter = (segment: string): boolean => segment.startsWith('{')

/** Undefined when the path is another. */
function match(segments: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  if (segments.length !== path.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, segment] of segments.entries()) {
    const given = path[index] ?? ''
    if (isParameter(segment)) params[segment.slice(1, -1)] = given
    else if (segment !== given) return undefined
  }
  return params
}

const split = (path: string): readonly string[] => path.split('/').filter((segment) => segment !== '')

/** @throws GATEWAY_INVALID_BODY for an escape that is none. */
function decode(path: string): readonly string[] {
  try {
    return split(path).map(decodeURIComponent)
  } catch {
    throw gatewayErrors.INVALID_BODY({ field: 'path', problem: 'it holds a broken % escape; encode it as UTF-8' })
  }
}

/** @throws GATEWAY_INVALID_BODY for a field that stands twice: nobody can say which of the two was meant. */
function parseBody(text: string): unknown {
  const body: unknown = JSON.parse(text)
  const repeated = repeatedField(text)
  if (repeated === undefined) return body
  throw gatewayErrors.INVALID_BODY({ field: repeated.slice(0, 100), problem: 'it stands more than once in one object; send it once' })
}

/** Reads no more than the bound. */
async function readBody(request: Request): Promise<unknown> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let bytes = 0
  try {
    // Node's streams can be read this way, whatever the types of the web say.
    const chunks = (request.body ?? []) as AsyncIterable<Uint8Array> | Iterable<Uint8Array>
    for await (const chunk of chunks) {
      bytes += chunk.byteLength
      if (bytes > adminBodyBytes) throw gatewayErrors.REQUEST_TOO_LARGE({ limitBytes: adminBodyBytes })
      text += decoder.decode(chunk, { stream: true })
    }
    text += decoder.decode()
    return text === '' ? {} : parseBody(text)
  } catch (error) {
    if (isBudError(error)) throw error
    throw gatewayErrors.INVALID_JSON({ problem: error instanceof Error ? error.message : 'it is not JSON' }, { cause: error })
  }
}

function readQuery(url: URL): Record<string, string> {
  const query: Record<string, string> = {}
  for (const [name, value] of url.searchParams) {
    if (name in query) throw gatewayErrors.INVALID_BODY({ field: `query.${name}`, problem: 'it is given twice; give it once' })
    query[name] = value
  }
  return query
}

/** `issues` of CORE_CONFIG_INVALID name each wrong field; nothing else has details that everybody may see. */
function detailsOf({ code, details }: BudError): readonly unknown[] | undefined {
  if (code !== 'CORE_CONFIG_INVALID' || typeof details !== 'object' || details === null || !('issues' in details)) return undefined
  return Array.isArray(details.issues) ? details.issues : undefined
}

/** An error as every route under it answers it. */
export function toErrorResponse(error: BudError, headers: Readonly<Record<string, string>> = {}): Response {
  const details = detailsOf(error)
  const body = { error: { code: error.code, message: error.message, ...(details === undefined ? {} : { details }) } }
  return Response.json(body, { status: error.status, headers: { 'cache-control': 'no-store', ...headers } })
}

const requestIdOf = (request: Request): string => {
  const given = request.headers.get('x-request-id')
  return given !== null && given.length <= requestIdLength && /^[\w.:/+=@-]+$/.test(given) ? given : createId(systemClock, systemRandom)
}

/** True so many times in such a while. */
function createBound(limit: number, whileMs: number): () => boolean {
  let untilMs = 0
  let left = 0
  return () => {
    const nowMs = systemClock.monotonicMs()
    if (nowMs >= untilMs) [untilMs, left] = [nowMs + whileMs, limit]
    left -= 1
    return left >= 0
  }
}

/**
 * Answers the routes of `admin` below `basePath`, and `GET openapi.json`. Never rejects. Works wherever a Request becomes a Response: Hono, Next.js, Bun,
 * or a server of `node:http` behind an adapter.
 */
export function createAdminHandler(admin: Admin, options: AdminHandlerOptions): (request: Request) => Promise<Response> {
  const { basePath = '/admin', logger = silentLogger } = options
  const base = split(basePath)
  const routes: Route[] = [...admin.operations].map(([name, operation]) => ({ name, operation, segments: split(operation.path) }))
  // A fixed segment goes before a parameter in the same place.
  routes.sort((left, right) => Number(left.segments.some(isParameter)) - Number(right.segments.some(isParameter)))
  let document: string | undefined
  const fitsMinute = createBound(auditedRefusalsPerMinute, 60_000)
  const fitsDay = createBound(auditedRefusalsPerDay, 86_400_000)

  function find(request: Request, path: readonly string[]): { readonly route: Route; readonly params: Record<string, string> } | Response {
    const allowed: string[] = []
    for (const route of routes) {
      const params = match(route.segments, path)
      if (params === undefined) continue
      if (route.operation.method === request.method) return { route, params }
      allowed.push(route.operation.method)
    }
    const asked = { method: request.method, path: new URL(request.url).pathname }
    if (allowed.length === 0) return toErrorResponse(gatewayErrors.UNKNOWN_URL(asked))
    const allow = [...new Set(allowed)].join(', ')
    return toErrorResponse(gatewayErrors.METHOD_NOT_ALLOWED({ ...asked, allowed: allow }), { allow })
  }

  async function authorize(request: Request, { name, operation }: Route, requestId: string): Promise<AdminActor> {
    let actor: AdminActor = { id: unknownActorId, clientIp: options.clientIp?.(request) }
    try {
      const found = await options.authorize(request, { operation: name, changes: operation.audit !== undefined })
      if (!('refused' in found)) return found
      actor = found.actor
      throw found.refused
    } catch (error) {
      // Whoever guesses at credentials must not fill the trail.
      if (fitsMinute() && fitsDay()) admin.refused(name, error, { actor, requestId })
      else logger.warn('an administrative operation was refused', { error, operation: name, actor: actor.id, clientIp: actor.clientIp })
      throw error
    }
  }

  async function describe(request: Request): Promise<Response> {
    if (request.method !== 'GET') {
      const asked = { method: request.method, path: new URL(request.url).pathname, allowed: 'GET' }
      return toErrorResponse(gatewayErrors.METHOD_NOT_ALLOWED(asked), { allow: 'GET' })
    }
    const reader = await options.authorize(request, { operation: documentName, changes: false })
    if ('refused' in reader) throw reader.refused
    document ??= JSON.stringify(describeOperations(admin.operations, basePath))
    return new Response(document, { headers: { 'content-type': 'application/json' } })
  }

  async function answer(request: Request, requestId: string): Promise<Response> {
    const url = new URL(request.url)
    const path = decode(url.pathname)
    const inside = path.slice(base.length)
    if (base.some((segment, index) => path[index] !== segment)) {
      return toErrorResponse(gatewayErrors.UNKNOWN_URL({ method: request.method, path: url.pathname }))
    }
    if (inside.length === 1 && inside[0] === 'openapi.json') return await describe(request)
    const found = find(request, inside)
    if (found instanceof Response) return found
    const { name, operation } = found.route
    const actor = await authorize(request, found.route, requestId)
    const takesBody = request.method !== 'GET' && request.method !== 'DELETE'
    const readInput = async () => ({ params: found.params, query: readQuery(url), body: takesBody ? await readBody(request) : {} })
    const input = await readInput().catch((error: unknown) => {
      if (operation.audit !== undefined) admin.refused(name, error, { actor, requestId })
      throw error
    })
    const result = await admin.callUnchecked(name, input, { actor, requestId })
    return Response.json(result, { status: operation.status ?? 200, headers: { 'cache-control': 'no-store' } })
  }

  return async (request) => {
    const requestId = requestIdOf(request)
    let response: Response
    try {
      response = await answer(request, requestId)
    } catch (error) {
      if (!isBudError(error)) logger.error('an administrative operation failed', { error, requestId })
      response = toErrorResponse(isBudError(error) ? error : gatewayErrors.INTERNAL(undefined, { cause: error }))
    }
    response.headers.set('x-request-id', requestId)
    return response
  }
}
