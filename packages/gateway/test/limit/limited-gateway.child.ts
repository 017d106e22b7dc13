/** One gateway process on a shared store, driven over its process channel: offers load, and counts how it was answered. */
import { systemClock } from '@bud-foundry/core'
import { createValkeyStore } from '@bud-foundry/core/store/valkey'
import { z } from 'zod'
import { createGateway } from '../../src/index.ts'

const settings = z
  .object({ url: z.string(), keyPrefix: z.string(), config: z.record(z.string(), z.unknown()), key: z.string() })
  .parse(JSON.parse(process.argv[2] ?? ''))
const command = z.discriminatedUnion('op', [
  z.object({ op: z.literal('offer'), calls: z.number(), parallel: z.number(), body: z.record(z.string(), z.unknown()) }),
  z.object({ op: z.literal('expect'), status: z.number(), calls: z.number() }),
  z.object({ op: z.literal('stop') }),
])

const store = await createValkeyStore({ url: settings.url, keyPrefix: settings.keyPrefix })
// The parent's tests wrote it; createGateway checks every field anew.
const gateway = createGateway(settings.config as never, { store })
await gateway.ready
let stopped = false
/** What the parent waits for: so many further calls that are answered with this status. */
let expected: { readonly status: number; left: number } | undefined

function tell(status: number): void {
  if (expected?.status !== status) return
  expected.left -= 1
  if (expected.left > 0) return
  expected = undefined
  process.send?.({ op: 'expected' })
}

const init = (body: object) => ({
  method: 'POST',
  headers: { authorization: `Bearer ${settings.key}`, 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

async function offer({
  calls,
  parallel,
  body,
}: {
  readonly calls: number
  readonly parallel: number
  readonly body: object
}): Promise<void> {
  const counts: Record<string, number> = {}
  const lastMs: Record<string, number> = {}
  let left = calls
  const work = async () => {
    while (left > 0 && !stopped) {
      left -= 1
      const response = await gateway.fetch('http://gateway.invalid/v1/chat/completions', init(body))
      await response.arrayBuffer()
      counts[response.status] = (counts[response.status] ?? 0) + 1
      lastMs[response.status] = Date.now()
      tell(response.status)
      // Whoever offers without end leaves the processor to the others now and then.
      if (calls === Number.MAX_SAFE_INTEGER) await systemClock.sleep(2)
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
  process.send?.({ op: 'done', counts, lastMs })
}

process.on('message', (message) => {
  const next = command.parse(message)
  if (next.op === 'stop') stopped = true
  else if (next.op === 'expect') expected = { status: next.status, left: next.calls }
  else void offer(next)
})
process.on('disconnect', () => process.exit(0))
process.send?.({ op: 'ready' })
