/** A process that writes events as fast as it can until it is killed, and prints each id once it is accepted. */
import { appendFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createSpooledSink } from '../../src/sink/spooled-sink.ts'

const [directory = '', round = ''] = process.argv.slice(2)
const signal = new AbortController().signal
let deliveries = 0

const sink = await createSpooledSink({
  spoolDirectory: join(directory, 'spool'),
  batchAgeMs: 5,
  deliver: async (events) => {
    deliveries += 1
    // Sometimes it fails before, sometimes after the events are stored, as a broken connection does.
    if (deliveries % 3 === 0) throw new Error('refused')
    appendFileSync(join(directory, 'delivered'), events.map(({ id }) => `${id}\n`).join(''))
    if (deliveries % 5 === 0) throw new Error('the answer was lost')
  },
})

async function produce(worker: number): Promise<never> {
  for (let index = 0; ; index += 1) {
    const events = Array.from({ length: 1 + (index % 4) }, (_, part) => ({
      id: `${round}-${String(worker)}-${String(index)}-${String(part)}`,
      kind: 'sample',
      timeUnixMs: 1_750_000_000_000,
      note: 'x'.repeat((index * 37) % 500),
    }))
    await sink.write(events, signal)
    writeSync(1, events.map(({ id }) => `${id}\n`).join(''))
  }
}

await Promise.all([1, 2, 3].map(produce))
