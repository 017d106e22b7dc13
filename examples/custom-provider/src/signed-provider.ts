/** A provider for a host that speaks OpenAI's chat dialect, but wants every request signed with a shared secret. */
import { createHmac } from 'node:crypto'
import type { Provider } from '@bud-foundry/core'
import { openaiCompatible } from '@bud-foundry/gateway/provider/openai-compatible'

/** What the host and this provider sign: the time, and the bytes of the body. */
export const signatureOf = (secret: string, time: string, body: Uint8Array | string): string =>
  createHmac('sha256', secret).update(time).update(body).digest('hex')

/** Codecs and failures are those of its family; where a request goes and how it is signed are its own. */
export const signedProvider: Provider = {
  ...openaiCompatible,
  id: 'in-house',
  operations: new Set(['chat']),
  endpoint: (_operation, { baseUrl }) => ({
    url: new URL('inference/chat', `${baseUrl.href.replace(/\/$/, '')}/`),
    headers: { 'content-type': 'application/json' },
  }),
  authorize: async (request, { credential }, clock) => {
    const time = String(clock.nowMs())
    const signature = signatureOf(credential?.reveal() ?? '', time, request.body ?? '')
    return { ...request, headers: { ...request.headers, 'x-time': time, 'x-signature': signature } }
  },
}
