/** Serves the application until it is told to stop. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createMemoryStore } from '@bud-foundry/core'
import { createGateway, createKeyRing } from '@bud-foundry/gateway'
import { createEngineTwin } from '@bud-foundry/sim/twin'
import { serve } from '@hono/node-server'
import { createApp } from './app.ts'
import { port } from './env.ts'

await using engine = createEngineTwin({ servedModelNames: ['llama'] })
const { url } = await engine.listen({ port: 0 })
const keys = createKeyRing({ store: createMemoryStore() })
await using gateway = createGateway(
  { models: { chat: { targets: [{ provider: 'vllm', baseUrl: `${url}/v1`, model: 'llama' }] } } },
  { keys },
)
const { key } = await keys.create({ name: 'first' })

const server = serve({ fetch: createApp(gateway).fetch, port, hostname: '127.0.0.1' })
await once(server, 'listening')
// A server that listens on a port has an AddressInfo.
console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey: key.reveal() }))

await once(process, 'SIGTERM')
server.close()
