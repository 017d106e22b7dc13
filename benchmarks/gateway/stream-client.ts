/** Reads streams one by one or a thousand at once, and notes when the first content came. */
import { Pool } from 'undici'

export interface StreamTiming {
  readonly firstContentMs: number
  readonly totalMs: number
  readonly complete: boolean
}

export interface StreamTarget {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A server that says nothing for this long has failed. */
const timeoutMs = 30_000

export function createStreamClient({ port, path, headers, body }: StreamTarget): { read(): Promise<StreamTiming>; close(): Promise<void> } {
  const pool = new Pool(`http://127.0.0.1:${String(port)}`, {
    connections: 2_048,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  })
  const read = () =>
    new Promise<StreamTiming>((resolve, reject) => {
      const startMs = performance.now()
      let firstContentMs = Number.NaN
      let tail = ''
      pool.dispatch(
        { path, method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body },
        {
          onRequestStart: () => undefined,
          onResponseStart: (_controller, status) => {
            if (status !== 200) reject(new Error(`status ${String(status)} from port ${String(port)}`))
          },
          onResponseData: (_controller, chunk) => {
            const text = chunk.toString('latin1')
            if (Number.isNaN(firstContentMs) && text.includes('word0')) firstContentMs = performance.now() - startMs
            tail = (tail + text).slice(-20)
          },
          onResponseEnd: () => {
            resolve({ firstContentMs, totalMs: performance.now() - startMs, complete: tail.includes('[DONE]') })
          },
          onResponseError: (_controller, error) => {
            reject(error)
          },
        },
      )
    })
  return { read, close: () => pool.close() }
}
