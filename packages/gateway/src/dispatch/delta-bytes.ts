/** Measures what one event of a stream or a whole answer says, whatever its dialect: for estimates, where nobody has counted. */
import { asArray, asObject, frameJson, parseObject, toBuffer } from '../dialect/sse-frame.ts'

/** Fields inside a delta that are no content. */
const notContent = new Set(['type', 'role', 'id', 'name', 'signature'])

function textBytes(value: unknown, isInside: boolean): number {
  if (typeof value === 'string') return isInside ? Buffer.byteLength(value) : 0
  if (typeof value !== 'object' || value === null) return 0
  let bytes = 0
  for (const [key, inner] of Object.entries(value))
    if (!notContent.has(key)) bytes += textBytes(inner, isInside || key === 'delta' || (key === 'text' && !Array.isArray(value)))
  return bytes
}

/** Bytes of text, thinking and arguments in a whole answer; 0 for one that cannot be read. */
export function answerTextBytes(body: Uint8Array): number {
  const answer = parseObject(toBuffer(body).toString())
  const choices = asArray(answer?.['choices']).map(asObject)
  const said = choices.length === 0 ? [answer?.['content']] : choices.flatMap((choice) => [choice?.['message'], choice?.['text']])
  return said.reduce<number>((sum, part) => sum + textBytes(part, true), 0)
}

/** Bytes of text, thinking and arguments in an event; 0 for one that cannot be read. */
export function deltaBytes(frame: Uint8Array): number {
  try {
    return textBytes(frameJson(toBuffer(frame)), false)
  } catch {
    // An event that is no JSON says nothing.
    return 0
  }
}
