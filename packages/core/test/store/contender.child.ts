/** A process that competes for a limit and a counter in a file store, and prints how much it was granted. */
import { createFileStore } from '../../src/store/file-store.ts'
import { systemClock } from '../../src/time/clock.ts'

const [path = ''] = process.argv.slice(2)
// The window must not end during the test.
const store = await createFileStore({ path, clock: { ...systemClock, nowMs: () => 1_750_000_000_000 } })

let granted = 0
for (let round = 0; round < 50; round += 1) {
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => store.reserve([{ key: 'requests', amount: 1, limit: 1_000, windowMs: 3_600_000 }])),
  )
  granted += answers.filter(({ admitted }) => admitted).length
}
for (let added = 0; added < 50;) {
  const before = await store.get('count')
  const next = Number(before === undefined ? 0 : new TextDecoder().decode(before)) + 1
  if (await store.compareAndSet('count', before, new TextEncoder().encode(String(next)))) added += 1
}
process.stdout.write(String(granted))
await store[Symbol.asyncDispose]()
