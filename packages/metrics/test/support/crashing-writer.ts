/** A process that writes to the sink, as fast as that accepts, until it is killed; each batch it names was accepted. */
import { createId, systemClock, systemRandom } from '@bud-foundry/core'
import { createEmbeddedClient } from '../../src/client/embedded-client.ts'
import { createMetrics } from '../../src/create-metrics.ts'
import { baseUnixMs, makeRequest } from './request-arbitrary.ts'

const [directory = '', spoolDirectory = '', round = ''] = process.argv.slice(2)
const metrics = await createMetrics({ client: await createEmbeddedClient({ directory }), spoolDirectory })
const { signal } = new AbortController()
const month = 31 * 86_400_000

for (let batch = 0; ; batch += 1) {
  const name = `${round}-${String(batch)}`
  // Three months, so that one insert makes three parts that a crash can tear apart.
  const events = Array.from({ length: 20 }, (_, index) =>
    makeRequest({
      // Most are certainly new and go as rows; the first of each batch is looked up.
      id: index === 0 ? name : createId(systemClock, systemRandom),
      timeUnixMs: baseUnixMs + (index % 3) * month + batch,
      tags: { batch: name },
    }),
  )
  await metrics.sink.write(events, signal)
  process.stdout.write(`${name}\n`)
}
