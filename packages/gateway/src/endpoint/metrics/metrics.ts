/** Prometheus metrics over HTTP, for keys with the scope `metrics`; with workers, those of all of them as one. */
import { gatewayErrors } from '../../errors.ts'
import type { RequestContext } from '../../pipeline/request-context.ts'
import { respondError } from '../../pipeline/respond.ts'
import type { Endpoint } from '../endpoint.ts'

const dialectId = 'openai-chat'
const contentType = 'text/plain; version=0.0.4; charset=utf-8'
const utf8 = new TextEncoder()

async function answer({ exchange, services }: RequestContext): Promise<void> {
  try {
    exchange.respond(200, { 'content-type': contentType, 'cache-control': 'no-store' }, utf8.encode(await services.metricsText()))
  } catch (error) {
    services.logger.error('the metrics of all processes could not be read', { error })
    const dialect = services.dialects.get(dialectId)
    if (dialect === undefined) exchange.destroy()
    else respondError(exchange, dialect, gatewayErrors.INTERNAL(undefined, { cause: error }))
  }
}

export const metrics: Endpoint = {
  method: 'GET',
  path: '/metrics',
  dialectId,
  scope: 'metrics',
  serve: (context) => {
    void answer(context)
  },
}
