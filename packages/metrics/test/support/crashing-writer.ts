/**
 * A process that writes until it is killed. It notes each batch in a journal before it stores it, as a spool does, and starts by
 * storing the whole journal again, cut into other batches than those that were stored before.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { requestEventSchema } from '@bud-foundry/core'
import { createEmbeddedClient } from '../../src/client/embedded-client.ts'
import { createMetrics } from '../../src/create-metrics.ts'
import { baseUnixMs, makeRequest } from './request-arbitrary.ts'

const [directory = '', journal = '', round = ''] = process.argv.slice(2)
const metrics = await createMetrics({ client: await createEmbeddedClient({ directory }) })

/** The last line may be torn: a batch that was not wholly noted was never accepted. */
const noted = existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').slice(0, -1) : []
const accepted = noted.map((line) => requestEventSchema.parse(JSON.parse(line)))
for (let start = 0; start < accepted.length; start += 37) await metrics.store(accepted.slice(start, start + 37))

const day = 86_400_000
for (let batch = 0; ; batch += 1) {
  const events = Array.from({ length: 50 }, (_, index) =>
    makeRequest({ id: `${round}-${String(batch)}-${String(index)}`, timeUnixMs: baseUnixMs + (index % 3) * 31 * day + batch }),
  )
  appendFileSync(journal, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  process.stdout.write('accepted\n')
  await metrics.store(events)
}
