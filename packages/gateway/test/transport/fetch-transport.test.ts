/** The transport over the runtime's `fetch`, which Bun needs, keeps the contract of Transport. */
import { createScriptedServer, transportConformance } from '@bud-foundry/core/testing/conformance'
import { describe, expect, it, test } from 'vitest'
import { createFetchTransport } from '../../src/index.ts'

transportConformance({
  describe,
  test,
  name: 'fetch',
  create: async (answer) => {
    const server = await createScriptedServer(answer)
    const transport = createFetchTransport()
    return {
      transport,
      baseUrl: server.baseUrl,
      close: async () => {
        await transport[Symbol.asyncDispose]()
        await server[Symbol.asyncDispose]()
      },
    }
  },
})

it('fails calls after it was closed', async () => {
  const transport = createFetchTransport()
  await transport[Symbol.asyncDispose]()
  const error = await new Promise((resolve, reject) => {
    const handlers = { onHeaders: () => undefined, onData: () => true, onEnd: () => reject(new Error('it ended')), onError: resolve }
    transport.dispatch({ url: new URL('http://127.0.0.1:9/'), method: 'GET', headers: {}, body: undefined }, handlers)
  })
  expect(error).toMatchObject({ code: 'GATEWAY_CLOSED' })
})
