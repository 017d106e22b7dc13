/** A framework-free fetch handler around optimize. */
import { isBudError } from '@bud-foundry/core'
import { simErrors } from '../errors.ts'
import { limits } from '../limits.ts'
import { optimize } from './optimizer.ts'
import type { OptimizeRequest } from './optimize-request.ts'

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json; charset=utf-8' } })

/** Reads at most the limit, so that a large upload ends early. */
async function readBody(request: Request): Promise<string> {
  if (request.body === null) return ''
  // A web stream of bytes by definition; Node's types leave the chunks open.
  const reader = (request.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const chunk = await reader.read()
    if (chunk.done) return text + decoder.decode()
    bytes += chunk.value.byteLength
    if (bytes > limits.optimizeBodyBytes) {
      await reader.cancel()
      throw simErrors.BODY_TOO_LARGE({ maxBytes: limits.optimizeBodyBytes })
    }
    text += decoder.decode(chunk.value, { stream: true })
  }
}

/**
 * A config.json that Python wrote may hold Infinity and NaN, which JSON does not have: outside of strings they become null.
 * Strings match with or without their end, so that broken text takes linear time.
 */
const withoutPythonNumbers = (text: string): string =>
  text.replaceAll(/"(?:[^"\\]|\\[^])*"?|-?Infinity|NaN/g, (match) => (match.startsWith('"') ? match : 'null'))

function parseJson(text: string): unknown {
  try {
    return JSON.parse(withoutPythonNumbers(text))
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'not JSON'
    throw simErrors.REQUEST_INVALID(
      { what: 'the request body', issues: [{ path: '(root)', message, fix: 'send a JSON object' }] },
      { cause },
    )
  }
}

/** POST of an OptimizeRequest to an OptimizeResult; failures answer `{ error: { code, message, details } }` with a fitting status. */
export function createOptimizerHandler(): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'POST') return json(405, { error: { code: 'SIM_METHOD_NOT_ALLOWED', message: 'use POST with a JSON body' } })
    try {
      const body = parseJson(await readBody(request))
      // The schema inside optimize checks it; the type says what it should be.
      return json(200, await optimize(body as OptimizeRequest, { signal: request.signal }))
    } catch (error) {
      if (isBudError(error)) return json(error.status, { error: { code: error.code, message: error.message, details: error.details } })
      throw error
    }
  }
}
