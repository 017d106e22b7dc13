/** Answers that the gateway makes itself. */
import { isBudError, type BudError, type Dialect, type Logger } from '@bud-foundry/core'
import { gatewayErrors } from '../errors.ts'
import type { Exchange, HeaderList } from '../exchange/exchange.ts'

const utf8 = new TextEncoder()

export function respondJson(exchange: Exchange, status: number, value: unknown, headers: HeaderList = {}): void {
  exchange.respond(status, { 'content-type': 'application/json', ...headers }, utf8.encode(JSON.stringify(value)))
}

/** Whole seconds, as the header wants them, and milliseconds, as the official clients prefer them. */
export function retryHeaders(error: BudError): Record<string, string> {
  if (error.retryAfterMs === undefined) return {}
  return { 'retry-after': String(Math.ceil(error.retryAfterMs / 1_000)), 'retry-after-ms': String(Math.ceil(error.retryAfterMs)) }
}

/** An error as the caller's dialect words it. */
export function respondError(exchange: Exchange, dialect: Dialect, error: BudError, headers: HeaderList = {}): void {
  const body = dialect.encodeError(error, false)
  exchange.respond(error.status, { 'content-type': 'application/json', ...retryHeaders(error), ...headers }, body)
}

/** Ends an exchange whose handling broke: with an error while one can be told, else by breaking it off. Never throws. */
export function failExchange(logger: Logger, exchange: Exchange, dialect: Dialect, error: unknown): void {
  const { path } = exchange
  if (!isBudError(error)) logger.error('a request failed unexpectedly', { path, error })
  try {
    if (exchange.started) exchange.destroy()
    else respondError(exchange, dialect, isBudError(error) ? error : gatewayErrors.INTERNAL(undefined, { cause: error }))
  } catch (second) {
    logger.error('a failed request could not be refused', { path, error: second })
    exchange.destroy()
  }
}
