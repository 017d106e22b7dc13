/** The undici transport keeps the contract of Transport. */
import { createScriptedServer, transportConformance } from '@bud-foundry/core/testing/conformance'
import { describe, expect, it, test } from 'vitest'
import { createUndiciTransport } from '../../src/index.ts'

transportConformance({
  describe,
  test,
  name: 'undici',
  create: async (answer) => {
    const server = await createScriptedServer(answer)
    const transport = createUndiciTransport()
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

const dispatch = (transport: ReturnType<typeof createUndiciTransport>, url: URL, connectMs?: number): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const handlers = { onHeaders: () => undefined, onData: () => true, onEnd: () => reject(new Error('it ended')), onError: resolve }
    transport.dispatch({ url, method: 'GET', headers: {}, body: undefined }, handlers, undefined, { connectMs })
  })

it('gives up connecting after its time, with an error that says so', async () => {
  await using transport = createUndiciTransport()
  // 192.0.2.0/24 is reserved for documentation (RFC 5737): no route leads there, or nobody answers.
  const error = await dispatch(transport, new URL('http://192.0.2.1:9/'), 50)
  expect(error).toMatchObject({
    code: expect.stringMatching(/^GATEWAY_UPSTREAM_TIMEOUT$|^ENETUNREACH$|^EHOSTUNREACH$|^ECONNREFUSED$|^UND_ERR/),
  })
})

it('fails calls after it was closed', async () => {
  const transport = createUndiciTransport()
  await transport[Symbol.asyncDispose]()
  expect(await dispatch(transport, new URL('http://127.0.0.1:9/'))).toMatchObject({ code: 'GATEWAY_CLOSED' })
})
