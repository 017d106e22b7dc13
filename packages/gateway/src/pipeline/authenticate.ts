/** Finds out whose request it is, from the key in its headers. */
import type { BudError } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { RequestContext } from './request-context.ts'

const bearer = /^Bearer +(\S+)\s*$/i

/** `Authorization: Bearer`, Anthropic's `x-api-key` or Azure's `api-key`. */
function presentedKey(exchange: Exchange): string | undefined {
  const authorization = exchange.header('authorization')
  if (authorization !== undefined) {
    const match = bearer.exec(authorization)
    if (match !== null) return match[1]
  }
  return exchange.header('x-api-key') ?? exchange.header('api-key')
}

/** Sets the context's key. An error instead of an exception: a wrong key is an expected outcome. */
export function authenticate(context: RequestContext, scope: string): BudError | undefined {
  const { services } = context
  if (services.keys === undefined || services.snapshot.config.auth.kind === 'none') return undefined
  const result = services.keys.authenticate(presentedKey(context.exchange))
  if (result.kind === 'refused') return gatewayErrors.INVALID_API_KEY({ reason: result.reason })
  context.key = result.record
  return result.record.scopes.includes(scope) ? undefined : gatewayErrors.INSUFFICIENT_SCOPE({ scope })
}
