/** Finds deployment plans for a model on given devices, and shows what a plan would create in Kubernetes. */
import { useClusters } from '@bud-foundry/react/clusters'
import { DeployWizard } from '@bud-foundry/react/deploy-wizard'
import { ManifestView } from '@bud-foundry/react/manifest-view'
import { EmptyNotice, ErrorNotice } from '@bud-foundry/react/notice'
import { ParetoChart } from '@bud-foundry/react/pareto'
import { PlanComparison } from '@bud-foundry/react/plan-comparison'
import { PlanList } from '@bud-foundry/react/plan-list'
import { Sensitivity } from '@bud-foundry/react/sensitivity'
import { useEffect, useRef } from 'react'
import { PlanForm } from './plan-form.tsx'
import type { Planner } from './planner.ts'

export function PlanPage({ planner }: { readonly planner: Planner }) {
  return (
    <>
      <div className="page-head">
        <h1>Plan</h1>
        <p>Which engine settings, on which devices, serve this model best? Ranked by a simulator, with what each would cost.</p>
      </div>
      <div className="plan-grid">
        <PlanForm planner={planner} />
        <div className="plan-results">
          <h2 className="visually-hidden">Plans</h2>
          <Results planner={planner} />
        </div>
      </div>
    </>
  )
}

function Results({ planner }: { readonly planner: Planner }) {
  const { search } = planner
  switch (search.state.kind) {
    case 'idle':
      return (
        <div className="bud plan-placeholder">
          <EmptyNotice title="No plans yet" hint="Choose a model and the devices you have, then let the optimizer rank what fits." />
        </div>
      )
    case 'busy':
      return (
        <div className="bud plan-placeholder" role="status">
          <span className="bud-spinner" />
          <span className="visually-hidden">Searching</span>
        </div>
      )
    case 'failed':
      return (
        <div className="bud">
          <ErrorNotice title="The optimizer gave no answer" message={search.state.error.message} />
        </div>
      )
    case 'done':
      return (
        <>
          <ParetoChart plans={search.state.result.plans} selected={planner.selected} onSelect={planner.select} />
          <PlanComparison plans={search.state.result.plans} />
          <PlanList result={search.state.result} selected={planner.selected} onSelect={planner.select} />
          <Manifests planner={planner} />
        </>
      )
  }
}

/** The chosen plan under other loads, and the way onto a cluster. */
function Chosen({ planner: { selected, search } }: { readonly planner: Planner }) {
  const cluster = useClusters().data?.[0]
  const plan = selected ?? (search.state.kind === 'done' ? search.state.result.plans[0] : undefined)
  if (plan === undefined) return null
  return (
    <>
      <Sensitivity key={plan.name} plan={plan} />
      {cluster === undefined || selected === undefined ? null : <DeployWizard clusterId={cluster.id} plan={selected} />}
    </>
  )
}

function Manifests({ planner }: { readonly planner: Planner }) {
  const { manifests, selected } = planner
  const place = useRef<HTMLDivElement>(null)
  const { kind } = manifests.state
  useEffect(() => {
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches
    if (kind === 'done') place.current?.scrollIntoView({ block: 'start', behavior: isCalm ? 'auto' : 'smooth' })
  }, [kind])
  return (
    <div ref={place} className="plan-manifests" aria-live="polite">
      <Chosen planner={planner} />
      {kind === 'busy' ? <p className="plan-note">Rendering manifests…</p> : null}
      {manifests.state.kind === 'failed' ? (
        <div className="bud">
          <ErrorNotice title="No manifests" message={manifests.state.error.message} />
        </div>
      ) : null}
      {manifests.state.kind === 'done' ? (
        <ManifestView plan={manifests.state.result} fileName={`${selected?.name ?? 'deployment'}.yaml`} />
      ) : null}
    </div>
  )
}
