/** Whole JSON bodies, read once and written once. */
import { dialectErrors } from './dialect-errors.ts'
import { parseExact } from './exact-json.ts'
import { topLevelFields } from './json-scan.ts'
import { asObject } from './sse-frame.ts'

const utf8 = new TextDecoder()

/** The object that a caller's body says. Throws GATEWAY_BODY_MALFORMED with the place of the mistake. */
export function parseBody(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const object = asObject(parseExact(utf8.decode(bytes)))
    if (object !== undefined) return object
  } catch {
    // The scanner knows where the mistake is; JSON.parse only words it.
  }
  topLevelFields(bytes)
  throw dialectErrors.BODY_MALFORMED({ reason: 'a string holds characters that JSON does not allow', position: 0 })
}

/** The object that an upstream's body says. Throws GATEWAY_ANSWER_MALFORMED. */
export function parseAnswer(bytes: Uint8Array, dialect: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = parseExact(utf8.decode(bytes))
  } catch (cause) {
    throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: 'it is no JSON' }, { cause })
  }
  const object = asObject(value)
  if (object === undefined) throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: 'it is no JSON object' })
  return object
}
