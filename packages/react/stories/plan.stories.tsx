/** Deployment plans: ranked, compared, and as manifests. */
import { ManifestView } from '../src/entry/manifest-view.ts'
import { ParetoChart } from '../src/entry/pareto.ts'
import { MemoryBar, PlanList } from '../src/entry/plan-list.ts'
import { sampleManifests, samplePlan, samplePlans, sampleYaml } from '../test/support/sample-data.ts'

export default { title: 'Simulate/Plans' }

const plans = samplePlans()
const rejected = [{ title: '1 × l4', reason: 'Weights and KV cache need 26.1 GiB; the device has 24 GiB.' }]

export const Ranked = () => <PlanList result={{ plans, rejected }} selected={plans[0]} onSelect={() => {}} />
export const NothingFits = () => <PlanList result={{ plans: [], rejected }} />
export const Memory = () => <MemoryBar memory={samplePlan().memoryPerDevice} />
export const Pareto = () => <ParetoChart plans={plans} selected={plans[1]} />
export const Manifests = () => (
  <ManifestView
    plan={{
      manifests: sampleManifests,
      yaml: sampleYaml,
      findings: [
        { severity: 'warning', message: 'No storage class is given: every pod downloads 16.1 GB at its start.', field: 'storage' },
      ],
    }}
  />
)
