/** Answers that the gateway makes itself. */
import type { BudError, Dialect } from '@bud-foundry/core'
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
