/** The audit as the store keeps it: what one question reads, and how long strangers are remembered. */
import { createMemoryStore, type AuditEvent } from '@bud-foundry/core'
import { createFakeClock } from '@bud-foundry/core/testing'
import { expect, it } from 'vitest'
import { createAuditLog, createAuditTrail } from '../../src/admin/index.ts'

const startUnixMs = Date.UTC(2026, 0, 1, 12)
const day = (unixMs: number) => new Date(unixMs).toISOString().slice(0, 10)

function setUp() {
  const clock = createFakeClock({ startUnixMs })
  const store = createMemoryStore({ clock })
  const trail = createAuditTrail({ store, clock })
  let made = 0
  const write = async (actorId: string, outcome: AuditEvent['outcome'], count: number) => {
    const log = createAuditLog({ clock })
    const events = Array.from({ length: count }, () =>
      log.record({
        actor: { id: actorId },
        action: 'key-create',
        subject: { kind: 'key', id: String((made += 1)) },
        outcome,
        requestId: 'r',
      }),
    )
    await trail.write(events, new AbortController().signal)
  }
  return { clock, trail, write }
}

it('forgets refusals of strangers after a month, and what was done after a year', async () => {
  const { clock, trail, write } = setUp()
  await write('unknown', 'refused', 2)
  await write('operator', 'success', 1)
  const whole = { from: day(startUnixMs), to: day(startUnixMs) }
  expect((await trail.list(whole)).events).toHaveLength(3)
  await clock.advance(31 * 86_400_000)
  expect((await trail.list(whole)).events.map(({ actor }) => actor.id)).toEqual(['operator'])
})

it('reads so many events for one question, the newest, and says when there are more', { timeout: 30_000 }, async () => {
  const { clock, trail, write } = setUp()
  await write('operator', 'success', 1)
  await clock.advance(1)
  await write('other', 'success', 19_999)
  await clock.advance(1)
  await write('newest', 'success', 1)
  const days = { from: '2025-12-31', to: day(startUnixMs) }
  expect(await trail.list({ ...days, actor: 'operator' })).toEqual({ events: [], isPartial: true })
  const { events, isPartial } = await trail.list({ ...days, limit: 1 })
  expect([events.map(({ actor }) => actor.id), isPartial]).toEqual([['newest'], false])
})
