/** One operation of the server's OpenAPI documents, turned into a request. */
import { BudClientError } from '../errors.ts'
import type { HttpMethod, HttpRequest } from './http.ts'

export interface Operation {
  /** Method and path, its parameters in braces: `GET /api/admin/keys/{id}`. */
  readonly address: `${HttpMethod} /${string}`
  readonly params?: Readonly<Record<string, string>> | undefined
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined
  readonly body?: unknown
}

/** @throws REACT_RESPONSE_INVALID when a parameter of the path is missing */
export function toCall({ address, params = {}, query, body }: Operation): HttpRequest {
  const space = address.indexOf(' ')
  const path = address.slice(space + 1).replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name]
    if (value === undefined || value === '') {
      throw new BudClientError({ code: 'REACT_RESPONSE_INVALID', message: `${address} needs the parameter '${name}', and it is empty.` })
    }
    return encodeURIComponent(value)
  })
  // Safe: the type of an address starts with a method.
  const method = address.slice(0, space) as HttpMethod
  return { method, path, query, ...(method === 'GET' || method === 'DELETE' ? {} : { body: body ?? {} }) }
}
