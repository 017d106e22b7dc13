'use client'
/** How much of a budget its current window has used. */
import type { BudgetState } from '../client/admin-client.ts'
import { useBudFormat, useBudStrings } from '../hook/bud-context.ts'

export function BudgetMeter({ state }: { readonly state: BudgetState }) {
  const { budgets } = useBudStrings()
  const format = useBudFormat()
  const { budget, spentUsd, windowEndUnixMs } = state
  const share = spentUsd / budget.limitUsd
  const alert = Math.min(...budget.alertPercents, 100) / 100
  const tone = share >= 1 ? 'bad' : share >= Math.max(alert, 0.8) ? 'warning' : 'good'
  const text = budgets.spent(format.usd(spentUsd), format.usd(budget.limitUsd))
  return (
    <div className="bud-meter" data-tone={tone}>
      <p className="bud-meter-head">
        <span className="bud-meter-name">{budget.name === '' ? budget.id : budget.name}</span>
        <span className="bud-badge" data-tone={share >= 1 ? 'bad' : undefined}>
          {share >= 1 ? budgets.over : budget.stop ? budgets.stops : budgets.alerts}
        </span>
      </p>
      <div
        className="bud-meter-track"
        role="meter"
        aria-label={budget.name === '' ? budget.id : budget.name}
        aria-valuemin={0}
        aria-valuemax={budget.limitUsd}
        aria-valuenow={Math.min(spentUsd, budget.limitUsd)}
        aria-valuetext={text}
      >
        <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
          <rect className="bud-meter-fill" width={Math.min(share, 1) * 100} height="4" />
          {budget.alertPercents
            .filter((percent) => percent < 100)
            .map((percent) => (
              <rect key={percent} className="bud-meter-mark" x={percent} width="0.4" height="4" />
            ))}
        </svg>
      </div>
      <p className="bud-meter-foot">
        <bdi>{text}</bdi>
        <span className="bud-muted">
          {budget.subject.kind === 'all' ? budgets.everyone : `${budget.subject.kind} ${budget.subject.id}`} ·{' '}
          {budgets.until(format.dayMinute(windowEndUnixMs))}
        </span>
      </p>
    </div>
  )
}
