/** From an exchange to its endpoint: ids, CORS, admission, authentication. Never throws. */
import type { BudError, Dialect } from '@bud-foundry/core'
import type { Endpoint, EndpointTable } from '../endpoint/endpoint.ts'
import { gatewayErrors } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Services } from '../service/services.ts'
import { StageRun } from '../governance/stage-run.ts'
import { authenticate } from './authenticate.ts'
import { applyCors } from './cors.ts'
import { createRequestContext, type RequestContext } from './request-context.ts'
import { failExchange, respondError } from './respond.ts'

/** What a caller is told to wait while the gateway starts or closes. */
const unavailableRetryMs = 1_000

export interface Server {
  readonly services: Services
  readonly endpoints: EndpointTable
  /** Dialect of errors for paths that no endpoint has. */
  readonly defaultDialect: Dialect
}

function admissionError(services: Services): BudError | undefined {
  switch (services.state) {
    case 'open':
      return undefined
    case 'starting':
      return gatewayErrors.NOT_READY({ reason: 'it is starting' }, { retryAfterMs: unavailableRetryMs })
    case 'closing':
    case 'closed':
      return gatewayErrors.SHUTTING_DOWN(undefined, { retryAfterMs: unavailableRetryMs })
  }
}

function refusal(context: RequestContext, endpoint: Endpoint): BudError | undefined {
  if (endpoint.alwaysOpen !== true) {
    const closed = admissionError(context.services)
    if (closed !== undefined) return closed
  }
  const blocked = context.stages?.onArrival()
  if (blocked !== undefined) return blocked
  return endpoint.scope === undefined ? undefined : authenticate(context, endpoint.scope)
}

/** Clients that ask for the Responses API by default are told where to turn. */
const unknownPath = (asked: { readonly method: string; readonly path: string }): BudError =>
  /^\/v1\/responses(?:\/|$)/.test(asked.path) ? gatewayErrors.RESPONSES_NOT_SERVED(asked) : gatewayErrors.UNKNOWN_URL(asked)

/** Where the path says nothing: Anthropic's clients name a version in each request. */
const dialectOfCaller = (exchange: Exchange): string =>
  exchange.header('anthropic-version') !== undefined || exchange.path.startsWith('/v1/messages') ? 'anthropic-messages' : ''

function route(server: Server, exchange: Exchange): void {
  const { services, endpoints } = server
  const found = endpoints.find(exchange.path)
  const methods = found.map((endpoint) => endpoint.method).join(', ')
  const { cors } = services.snapshot.config
  const context = createRequestContext(services, exchange)
  if (cors !== undefined && applyCors(cors, exchange, methods)) return
  const dialect = services.dialects.get(found[0]?.dialectId ?? dialectOfCaller(exchange)) ?? server.defaultDialect
  const method = exchange.method === 'HEAD' ? 'GET' : exchange.method
  const endpoint = found.find((candidate) => candidate.method === method)
  if (endpoint === undefined) {
    const asked = { method: exchange.method, path: exchange.path }
    if (found.length === 0) respondError(exchange, dialect, unknownPath(asked))
    else respondError(exchange, dialect, gatewayErrors.METHOD_NOT_ALLOWED({ ...asked, allowed: methods }), { allow: methods })
    return
  }
  if (services.stages !== undefined && endpoint.alwaysOpen !== true) context.stages = new StageRun(context, services.stages)
  const answer = (error: BudError | undefined) => {
    if (error === undefined) endpoint.serve(context)
    else if (endpoint.refused === undefined) respondError(exchange, dialect, error)
    else endpoint.refused(context, error)
  }
  const error = refusal(context, endpoint)
  if (error !== undefined || context.stages === undefined) answer(error)
  else context.stages.onRequest(answer)
}

/** Answers one exchange. Whatever goes wrong becomes an answer and a log line; the process stays up. */
export function serve(server: Server, exchange: Exchange): void {
  try {
    route(server, exchange)
  } catch (error) {
    failExchange(server.services.logger, exchange, server.defaultDialect, error)
  }
}
