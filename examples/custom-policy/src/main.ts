/** Sends six requests at once through a gateway with the policy, and counts who answered. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGateway } from '@bud-foundry/gateway'
import { createOverflowPolicy } from './overflow-policy.ts'

const atOnce = 6

/** Stands for an engine and for a provider: answers once all requests are in flight. */
async function startUpstream(answerAfter: Promise<unknown>, onRequest: () => void) {
  const server = createServer((req, res) => {
    req.resume()
    onRequest()
    const message = { role: 'assistant', content: 'Hello!' }
    void answerAfter.then(() =>
      res
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }] })),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  return { baseUrl: `http://127.0.0.1:${String(port)}/v1`, [Symbol.dispose]: () => server.close() }
}

const allThere = Promise.withResolvers<undefined>()
let arrived = 0
const onRequest = () => {
  arrived += 1
  if (arrived === atOnce) allThere.resolve(undefined)
}
using own = await startUpstream(allThere.promise, onRequest)
using cloud = await startUpstream(allThere.promise, onRequest)

await using gateway = createGateway(
  {
    auth: { kind: 'none' },
    models: {
      chat: {
        policy: 'overflow',
        targets: [
          { id: 'own', provider: 'vllm', baseUrl: own.baseUrl },
          { id: 'cloud', provider: 'openai-compatible', baseUrl: cloud.baseUrl },
        ],
      },
    },
  },
  { policies: [createOverflowPolicy({ preferredTargetId: 'own', room: 2 })] },
)
const answered: Record<string, number> = {}
using _listener = gateway.onEvent((event) => {
  if (event.kind === 'request' && event.targetId !== undefined) answered[event.targetId] = (answered[event.targetId] ?? 0) + 1
})
const ask = () => gateway.chat({ model: 'chat', messages: [{ role: 'user', content: 'Hello' }] })
await Promise.all(Array.from({ length: atOnce }, ask))
console.log(JSON.stringify(answered))
