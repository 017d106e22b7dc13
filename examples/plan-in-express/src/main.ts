/** Serves the application until it is told to stop. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createOptimizerWorker } from '@bud-foundry/sim/worker'
import { createApp } from './app.ts'
import { port } from './env.ts'

await using optimizer = createOptimizerWorker()
const server = createApp(optimizer).listen(port, '127.0.0.1')
await once(server, 'listening')
// A server that listens on a port has an AddressInfo.
console.log(JSON.stringify({ url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` }))

await once(process, 'SIGTERM')
server.close()
