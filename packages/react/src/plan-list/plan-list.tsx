'use client'
/** The optimizer's answer: plans in order, and what was ruled out. */
import type { DeploymentPlan } from '@bud-foundry/core'
import type { OptimizeResult } from '../client/wire.ts'
import { useBudStrings } from '../hook/bud-context.ts'
import { EmptyNotice } from '../part/notice.tsx'
import { PlanCard } from './plan-card.tsx'

export interface PlanListProps {
  readonly result: OptimizeResult
  readonly selected?: DeploymentPlan | undefined
  readonly onSelect?: ((plan: DeploymentPlan) => void) | undefined
}

export function PlanList({ result, selected, onSelect }: PlanListProps) {
  const { plans } = useBudStrings()
  return (
    <section className="bud bud-plans" aria-label={plans.label}>
      {result.plans.length === 0 ? <EmptyNotice title={plans.none} /> : null}
      <ol className="bud-plan-list">
        {result.plans.map((plan, index) => (
          <li key={index}>
            <PlanCard plan={plan} rank={index + 1} isSelected={plan === selected} onSelect={onSelect} />
          </li>
        ))}
      </ol>
      {result.rejected.length === 0 ? null : (
        <details className="bud-disclosure" open={result.plans.length === 0 ? true : undefined}>
          <summary>{plans.rejected(result.rejected.length)}</summary>
          <ul className="bud-reasons">
            {result.rejected.map(({ title, reason }, index) => (
              <li key={index}>
                {title === '' ? null : <b>{title}: </b>}
                {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}
