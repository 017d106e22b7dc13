/** Operations on what administrators did. */
import { auditEventSchema, systemClock } from '@bud-foundry/core'
import { z } from 'zod'
import { auditEventsPerQuestion } from '../limits.ts'
import { operation } from './operation.ts'
import { none, part } from './operations-shared.ts'

const filter = z.string().min(1).max(256).optional()
const daysPerQuestion = 400
const dayOf = (unixMs: number): string => new Date(unixMs).toISOString().slice(0, 10)

export const auditOperations = {
  listAudit: operation({
    summary: 'Says who changed what, newest first: today, unless other days are asked for.',
    method: 'GET',
    path: '/audit',
    needs: ['trail'],
    params: none,
    query: z
      .strictObject({
        from: z.iso.date().default(() => dayOf(systemClock.nowMs())),
        to: z.iso.date().default(() => dayOf(systemClock.nowMs())),
        limit: z.coerce.number().int().min(1).max(auditEventsPerQuestion).default(100),
        action: filter,
        actor: filter,
        subject: filter,
        outcome: auditEventSchema.shape.outcome.optional(),
      })
      .refine(({ from, to }) => from <= to, { path: ['to'], message: 'is before from; swap them' })
      .refine(({ from, to }) => Date.parse(to) - Date.parse(from) <= daysPerQuestion * 86_400_000, {
        path: ['from'],
        message: `is more than ${String(daysPerQuestion)} days before to; ask for fewer days`,
      }),
    body: none,
    result: z.strictObject({ data: z.array(auditEventSchema), isPartial: z.boolean() }),
    run: async ({ trail }, { query }) => {
      const { events, isPartial } = await part(trail).list(query)
      return { data: [...events], isPartial }
    },
  }),
}
