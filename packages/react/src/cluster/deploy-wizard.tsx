'use client'
/** From a plan of the optimizer to a deployment: review what would change and what it costs, apply it, watch it serve. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { useEffect, useState } from 'react'
import { useWords } from '../hook/bud-context.ts'
import { useAction } from '../hook/use-action.ts'
import { useClusterClient } from '../hook/use-clusters.ts'
import { ErrorNotice } from '../part/notice.tsx'
import { Panel } from '../part/loaded.tsx'
import { PlanCard } from '../plan-list/plan-card.tsx'
import { clusterWords } from './cluster-words.ts'
import { OperationProgress } from './operation-progress.tsx'
import { PlanChanges } from './plan-changes.tsx'

export interface DeployWizardProps {
  readonly clusterId: string
  readonly plan: DeploymentPlan
  /** Hears the operation, e.g. to keep it in the address. */
  readonly onOperation?: ((id: string) => void) | undefined
}

const order = ['choose', 'review', 'progress'] as const

export function DeployWizard({ clusterId, plan, onOperation }: DeployWizardProps) {
  const words = useWords('clusters', clusterWords)
  const clusters = useClusterClient()
  const [step, setStep] = useState<(typeof order)[number]>('choose')
  const review = useAction((chosen: DeploymentPlan, signal) => clusters.plan(clusterId, chosen, { signal }))
  const apply = useAction(async (changesId: string, signal) => {
    const operation = await clusters.apply(clusterId, changesId, { signal })
    onOperation?.(operation.id)
    setStep('progress')
    return operation
  })
  const { reset: resetReview } = review
  const { reset: resetApply } = apply
  // Another plan starts anew.
  useEffect(() => {
    setStep('choose')
    resetReview()
    resetApply()
  }, [plan, clusterId, resetReview, resetApply])
  const changes = review.state.kind === 'done' ? review.state.result : undefined
  const isBlocked = changes?.findings.some(({ severity }) => severity === 'blocker') === true
  return (
    <Panel title={words.apply} className="bud-wizard">
      <ol className="bud-wizard-steps">
        {order.map((each, index) => (
          <li key={each} aria-current={each === step ? 'step' : undefined}>
            <span aria-hidden="true">{index + 1}</span> {words.steps[each]}
          </li>
        ))}
      </ol>
      <div className="bud-wizard-body">
        {step === 'choose' ? (
          <>
            <PlanCard plan={plan} rank={1} />
            <div className="bud-dialog-actions">
              <button
                type="button"
                className="bud-button bud-button-primary"
                disabled={review.state.kind === 'busy'}
                onClick={() => {
                  review.run(plan)
                  setStep('review')
                }}
              >
                {words.review}
              </button>
            </div>
          </>
        ) : null}
        {step === 'review' ? (
          <>
            {review.state.kind === 'busy' ? <span className="bud-spinner" role="status" aria-label={words.review} /> : null}
            {review.state.kind === 'failed' ? <ErrorNotice message={review.state.error.message} onRetry={() => review.run(plan)} /> : null}
            {changes === undefined ? null : <PlanChanges changes={changes} />}
            {isBlocked ? <p className="bud-field-error">{words.blocked}</p> : null}
            {apply.state.kind === 'failed' ? <ErrorNotice message={apply.state.error.message} /> : null}
            <div className="bud-dialog-actions">
              <button type="button" className="bud-button" onClick={() => setStep('choose')}>
                {words.steps['choose']}
              </button>
              <button
                type="button"
                className="bud-button bud-button-primary"
                disabled={changes === undefined || isBlocked || changes.changes.length === 0 || apply.state.kind === 'busy'}
                onClick={() => {
                  if (changes !== undefined) apply.run(changes.id)
                }}
              >
                {apply.state.kind === 'busy' ? words.applying : words.apply}
              </button>
            </div>
          </>
        ) : null}
        {step === 'progress' && apply.state.kind === 'done' ? (
          <OperationProgress clusterId={clusterId} operationId={apply.state.result.id} />
        ) : null}
      </div>
    </Panel>
  )
}
