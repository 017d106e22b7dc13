/** Asks a service for JSON over the gateway's own transport. */
import type { Transport } from '@bud-foundry/core'
import { BodyReader } from '../dispatch/body-reader.ts'
import { judgementBytes } from './guardrail-limits.ts'

export interface JsonRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly signal: AbortSignal
}

/** The parsed answer of status 2xx; rejects with an Error that says what came instead. */
export function postJson(transport: Transport, { url, headers, body, signal }: JsonRequest): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const reader = new BodyReader(judgementBytes)
  let status = 0
  const call = transport.dispatch(
    {
      url,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: Buffer.from(JSON.stringify(body)),
    },
    {
      onHeaders: (code) => {
        status = code
      },
      onData: (chunk) => {
        if (!reader.push(chunk)) call.abort(new Error(`the answer is longer than ${String(judgementBytes)} bytes`))
        return true
      },
      onEnd: () => {
        try {
          if (status < 200 || status > 299) throw new Error(`it answered with status ${String(status)}`)
          resolve(JSON.parse(Buffer.from(reader.bytes()).toString()))
        } catch (error) {
          reject(error)
        }
      },
      onError: reject,
    },
    signal,
  )
  return promise
}
