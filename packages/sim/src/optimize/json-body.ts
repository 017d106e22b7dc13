/** Reads the JSON body of a request, within a bound. */
import { simErrors } from '../errors.ts'
import { limits } from '../limits.ts'

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

/** @throws SIM_BODY_TOO_LARGE, SIM_REQUEST_INVALID. */
export const readJsonBody = async (request: Request): Promise<unknown> => parseJson(await readBody(request))
