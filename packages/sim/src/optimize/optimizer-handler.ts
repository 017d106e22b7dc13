/** A framework-free fetch handler around optimize. */
import { isBudError } from '@bud-foundry/core'
import { readJsonBody } from './json-body.ts'
import { optimize } from './optimizer.ts'
import type { OptimizeRequest } from './optimize-request.ts'

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json; charset=utf-8' } })

/** POST of an OptimizeRequest to an OptimizeResult; failures answer `{ error: { code, message, details } }` with a fitting status. */
export function createOptimizerHandler(): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'POST') return json(405, { error: { code: 'SIM_METHOD_NOT_ALLOWED', message: 'use POST with a JSON body' } })
    try {
      const body = await readJsonBody(request)
      // The schema inside optimize checks it; the type says what it should be.
      return json(200, await optimize(body as OptimizeRequest, { signal: request.signal }))
    } catch (error) {
      if (isBudError(error)) return json(error.status, { error: { code: error.code, message: error.message, details: error.details } })
      throw error
    }
  }
}
