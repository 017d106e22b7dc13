/** A gateway behind `Bun.serve`, run by Bun: prints its address, answers until it is killed. Arguments: base URL of the upstream, key. */
import { createMemoryStore, createSecret } from '@bud-foundry/core'
import { createGateway } from '../../src/index.ts'

interface BunServer {
  readonly port: number
}
// What this program needs of Bun's global object; its types are no dependency of the project.
declare const Bun: { serve(options: { port: number; idleTimeout: number; fetch: (request: Request) => Promise<Response> }): BunServer }

const [baseUrl, key = ''] = process.argv.slice(2)
const targets = [{ id: 'a', provider: 'openai-compatible', ...(baseUrl === undefined ? {} : { baseUrl }) }]
const gateway = createGateway({ models: { m: { targets } } }, { store: createMemoryStore() })
await gateway.ready
await gateway.keys?.create({ name: 'test', key: createSecret(key) })
const server = Bun.serve({ port: 0, idleTimeout: 30, fetch: (request) => gateway.fetch(request) })
console.log(JSON.stringify({ url: `http://127.0.0.1:${String(server.port)}` }))
