/** A cluster: its primary holds a memory store, its workers compete over IPC; prints what came of it. */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { createIpcStore, serveClusterStore } from '../../src/store/ipc.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { createFakeClock } from '../../src/testing/fake-clock.ts'

const slot = { key: 'slot', amount: 1, limit: 1, windowMs: 'lease' as const, leaseMs: 1_000 }

async function work(): Promise<void> {
  const store = createIpcStore()
  const changed = new Promise<void>((resolve) => {
    store.subscribe('go/', (change) => {
      if (change.kind === 'set') resolve()
      else process.send?.({ state: 'subscribed' })
    })
  })
  await changed
  const answers = await Promise.all(
    Array.from({ length: 300 }, () => store.reserve([{ key: 'requests', amount: 1, limit: 500, windowMs: 3_600_000 }])),
  )
  const lease = await store.reserve([slot])
  process.send?.({ state: 'done', granted: answers.filter(({ admitted }) => admitted).length, hasLease: lease.admitted })
}

async function nextState(worker: Worker, state: string): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const [message] = await once(worker, 'message')
    if (typeof message === 'object' && message !== null && message.state === state) return message
  }
}

async function lead(): Promise<void> {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const server = serveClusterStore(store)
  const workers = Array.from({ length: 3 }, () => cluster.fork())
  await Promise.all(workers.map((worker) => nextState(worker, 'subscribed')))
  const done = Promise.all(workers.map((worker) => nextState(worker, 'done')))
  await store.set('go/now', new Uint8Array(1))
  const results = await done
  const before = await store.reserve([slot])
  await Promise.all(
    workers.map(async (worker) => {
      const exit = once(worker, 'exit')
      worker.process.kill('SIGKILL')
      await exit
    }),
  )
  await clock.advance(1_000)
  const after = await store.reserve([slot])
  server[Symbol.dispose]()
  const granted = results.reduce((sum, result) => sum + Number(result['granted']), 0)
  const oneLease = results.filter((result) => result['hasLease'] === true).length === 1
  const leaseAfterDeath = oneLease && !before.admitted && after.admitted
  process.stdout.write(JSON.stringify({ granted, workers: workers.length, changesSeen: results.length, leaseAfterDeath }))
}

await (cluster.isPrimary ? lead() : work())
