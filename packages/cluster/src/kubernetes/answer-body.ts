/** Bodies of the Kubernetes API with a bound: whole, or line by line. */
import type { Response } from 'undici'
import { clusterErrors } from '../errors.ts'
import { watchLineBytesMax } from '../limits.ts'

const tooLarge = (bytesMax: number) =>
  clusterErrors.KUBERNETES_FAILED({ what: 'reading an answer', problem: `it is larger than ${String(bytesMax)} bytes` })

export async function readText(response: Response, bytesMax: number): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  // Safe: the body of a response is a stream of bytes.
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) throw tooLarge(bytesMax)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

export async function* readLines(response: Response): AsyncIterable<string> {
  if (response.body === null) return
  const decoder = new TextDecoder()
  let rest = ''
  // Safe: the body of a response is a stream of bytes.
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > watchLineBytesMax) throw tooLarge(watchLineBytesMax)
    for (const line of lines) if (line.trim() !== '') yield line
  }
}
