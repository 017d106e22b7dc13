/** Reads why a model stopped from the bytes of its answer, for the event only. */

const pattern = /"(?:finish_reason|stop_reason)"\s*:\s*"([A-Za-z_-]{1,40})"/
/** In a whole answer the reason stands near the start (Anthropic) or after the text (OpenAI): both ends are searched. */
const searchedBytes = 2_048

/** Undefined when the bytes name none. */
export function readFinishReason(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tail = buffer.toString('latin1', Math.max(0, buffer.length - searchedBytes))
  return (pattern.exec(tail) ?? pattern.exec(buffer.toString('latin1', 0, searchedBytes)))?.[1]
}
