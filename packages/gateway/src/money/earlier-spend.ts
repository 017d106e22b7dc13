/** What a subject has cost in a window before anybody counted for a budget: read from the ledger of spend, whose rows are days in UTC. */
import { matchesName } from '../key/key-record.ts'
import type { BudgetSubject } from './budget.ts'
import type { TimeWindow } from './budget-window.ts'
import { toNanos } from './nano-usd.ts'
import type { SpendLedger, SpendLine } from './spend-ledger.ts'

const msPerDay = 86_400_000
/** A calendar day may be an hour shorter. Of shorter windows a ledger of days knows nothing. */
const shortestWindowMs = 82_800_000

export interface EarlierSpend {
  /** Billionths of a dollar. A day that the window's start cuts counts by its share. */
  readonly nanos: number
  /** True when the ledger had more rows than one question reads: then it was more. */
  readonly isPartial: boolean
}

const dayOf = (unixMs: number): string => new Date(unixMs).toISOString().slice(0, 10)

const isOf = (subject: BudgetSubject, { model = '' }: SpendLine['group']): boolean =>
  subject.kind !== 'model' || matchesName([subject.id], model)

/** How much of a day, as far as it has passed, lies in the window. */
function shareOf(day: string, startUnixMs: number, nowUnixMs: number): number {
  const dayStartMs = Date.parse(`${day}T00:00:00Z`)
  if (dayStartMs >= startUnixMs) return 1
  const passedMs = Math.min(msPerDay, nowUnixMs - dayStartMs)
  return Math.max(0, dayStartMs + passedMs - startUnixMs) / passedMs
}

export async function earlierSpend(
  spend: Pick<SpendLedger, 'report'>,
  subject: BudgetSubject,
  window: TimeWindow,
  nowUnixMs: number,
): Promise<EarlierSpend> {
  const { startUnixMs, endUnixMs } = window
  if (endUnixMs - startUnixMs < shortestWindowMs) return { nanos: 0, isPartial: false }
  const where = subject.kind === 'all' || subject.kind === 'model' ? {} : { [subject.kind]: subject.id }
  const { lines, isPartial } = await spend.report({ from: dayOf(startUnixMs), to: dayOf(nowUnixMs), by: ['day', 'model'], where })
  let nanos = 0
  for (const { group, costUsd } of lines) {
    if (isOf(subject, group)) nanos += Math.round(toNanos(Number(costUsd)) * shareOf(group.day ?? '', startUnixMs, nowUnixMs))
  }
  return { nanos, isPartial }
}
