/** A process with a sink and the embedded engine: writes events as fast as both take them, and prints what that cost. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { systemClock, systemRandom, type RequestEvent } from '@bud-foundry/core'
import { createMetrics } from '@bud-foundry/metrics'
import { createEmbeddedClient } from '@bud-foundry/metrics/chdb'
import { sampleEvent, seededShare } from './sample-events.ts'

const [directory = '', count = '500000'] = process.argv.slice(2)
const total = Number(count)
const groupEvents = 64
/** Writing pauses above this, as a gateway at its limit would. */
const pendingMax = 400_000

const client = await createEmbeddedClient({ directory: join(directory, 'database') })
const metrics = await createMetrics({ client, spoolDirectory: join(directory, 'spool') })
const { signal } = new AbortController()
const share = seededShare(7)
const makeGroup = (): RequestEvent[] => Array.from({ length: groupEvents }, () => sampleEvent(share, systemClock, systemRandom))

const microsOf = ({ user, system }: NodeJS.CpuUsage) => user + system
// Warm code, and a table that is not empty.
for (let round = 0; round < 200; round += 1) await metrics.sink.write(makeGroup(), signal)
await metrics.sink.flush(signal)

let [writeMicros, makeMicros, writeMs, waitMs] = [0, 0, 0, 0]
const before = process.cpuUsage()
const threadBefore = process.threadCpuUsage()
const start = performance.now()
for (let written = 0; written < total; written += groupEvents) {
  const making = process.threadCpuUsage()
  const group = makeGroup()
  makeMicros += microsOf(process.threadCpuUsage(making))
  const writing = process.threadCpuUsage()
  const at = performance.now()
  await metrics.sink.write(group, signal)
  writeMs = Math.max(writeMs, performance.now() - at)
  writeMicros += microsOf(process.threadCpuUsage(writing))
  while (metrics.sink.receipt().pending > pendingMax) {
    const waiting = performance.now()
    await nextTurn()
    await new Promise((resolve) => setTimeout(resolve, 5))
    waitMs += performance.now() - waiting
  }
}
await metrics.sink.flush(signal)
const seconds = (performance.now() - start) / 1000
const threadMicros = microsOf(process.threadCpuUsage(threadBefore)) - makeMicros
const allMicros = microsOf(process.cpuUsage(before)) - makeMicros
const parts = await client.query({
  what: 'measuring',
  sql: 'SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table',
})
console.log(
  JSON.stringify({
    events: total,
    seconds,
    // Making the events is the benchmark's own work on one of the cores; it is shown apart and counted in the time.
    makeSeconds: makeMicros / 1e6,
    waitSeconds: waitMs / 1000,
    threadMicrosPerEvent: threadMicros / total,
    writeMicrosPerEvent: writeMicros / total,
    processMicrosPerEvent: allMicros / total,
    longestWriteMs: writeMs,
    parts,
    receipt: metrics.sink.receipt(),
  }),
)
await metrics[Symbol.asyncDispose]()
await rm(directory, { recursive: true, force: true })
