/** Our gateway as it is deployed: keys checked, two targets routed between, usage counted, every request an event in the spool. */
import cluster from 'node:cluster'
import { mkdtempSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryStore, createSecret, silentLogger, systemClock, systemRandom } from '@bud-foundry/core'
// The sink of a deployment, without the database behind it.
import { createMetricsSink } from '../../packages/metrics/src/sink/metrics-sink.ts'
import { createGateway, createKeyRing } from '@bud-foundry/gateway'
import { getRequestListener } from '@hono/node-server'
import { benchmarkKey } from './contenders.ts'

const [port = '0', upstream = '0', door = 'handle', workers = '1'] = process.argv.slice(2)

async function serve(): Promise<void> {
  const keys = createKeyRing({ store: createMemoryStore({}) })
  await keys.create({ name: 'benchmark', key: createSecret(benchmarkKey) })
  const sink = await createMetricsSink({
    spoolDirectory: mkdtempSync(join(tmpdir(), 'bud-bench-spool-')),
    // What the database costs is measured with the database; here events end once they are safe on disk.
    storeEvents: () => Promise.resolve(),
    storeRows: () => Promise.resolve(),
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    fsync: false,
  })
  const target = { provider: 'openai-compatible', baseUrl: `http://127.0.0.1:${upstream}/v1`, model: 'bench' }
  const gateway = createGateway(
    {
      models: {
        bench: {
          policy: 'p2c-peak-ewma',
          targets: [
            { ...target, id: 'a' },
            { ...target, id: 'b' },
          ],
        },
      },
    },
    { keys, sink },
  )
  await gateway.ready
  const throughFetch = getRequestListener((request) => gateway.fetch(request))
  const listener: RequestListener = (request, response) => {
    if (door === 'fetch') void throughFetch(request, response)
    else gateway.handle(request, response)
  }
  createServer(listener).listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 })
}

if (cluster.isPrimary && Number(workers) > 1) {
  for (let worker = 0; worker < Number(workers); worker += 1) cluster.fork()
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.kill('SIGKILL')
    process.exit(0)
  })
} else await serve()
