/** Deployment plans: ranked, compared, and as manifests. */
import { HardwarePicker, SimModelPicker } from '../src/entry/pickers.ts'
import { ManifestView } from '../src/entry/manifest-view.ts'
import { ParetoChart } from '../src/entry/pareto.ts'
import { MemoryBar, PlanList } from '../src/entry/plan-list.ts'
import { sampleManifests, samplePlan, samplePlans, sampleYaml } from '../test/support/sample-data.ts'

import { loaded } from './support/states.ts'

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

const catalogue = {
  models: ['meta-llama/Llama-3.1-8B-Instruct', 'Qwen/Qwen3-8B'],
  hardware: [
    { id: 'h100-sxm', name: 'NVIDIA H100 SXM', vendor: 'NVIDIA', memoryBytes: 80 * 1024 ** 3, memoryBandwidthBytesPerSecond: 3.35e12 },
    { id: 'l40s', name: 'NVIDIA L40S', vendor: 'NVIDIA', memoryBytes: 48 * 1024 ** 3, memoryBandwidthBytesPerSecond: 0.864e12 },
  ],
}
const rows = [
  { hardwareId: 'h100-sxm', count: '4', usdPerHour: '2.99' },
  { hardwareId: 'my-device', count: '2', usdPerHour: '' },
]
export const Model = {
  ...loaded({ catalogue }),
  render: () => <SimModelPicker value={{ source: 'known', modelId: 'Qwen/Qwen3-8B', configJson: '' }} onChange={() => {}} />,
}
export const ModelUnknown = {
  ...loaded({ catalogue }),
  render: () => <SimModelPicker value={{ source: 'known', modelId: 'acme/new-model', configJson: '' }} onChange={() => {}} />,
}
export const ModelConfig = {
  ...loaded({ catalogue }),
  render: () => <SimModelPicker value={{ source: 'config', modelId: '', configJson: '' }} onChange={() => {}} />,
}
export const Hardware = { ...loaded({ catalogue }), render: () => <HardwarePicker value={rows} onChange={() => {}} /> }
