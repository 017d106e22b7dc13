/** Plans compared, moved along the load, and held against what was measured. */
import { PlanComparison } from '../src/entry/plan-comparison.ts'
import { PredictedMeasured } from '../src/entry/predicted-measured.ts'
import { Sensitivity } from '../src/entry/sensitivity.ts'
import { nowUnixMs, samplePlan, samplePlans } from '../test/support/sample-data.ts'
import { deployed } from './support/sample-clusters.ts'
import { failed, loaded } from './support/states.ts'

export default { title: 'Simulate/Compare' }

export const Comparison = () => <PlanComparison plans={samplePlans()} />
export const ComparisonEmpty = () => <PlanComparison plans={[]} />

const around = (mid: number) => ({ low: mid * 0.85, mid, high: mid * 1.2 })
const predict = ({ workloads }: { readonly workloads: readonly { readonly concurrency: number; readonly inputTokens: number }[] }) => ({
  data: workloads.map(({ concurrency, inputTokens }) =>
    concurrency > 192
      ? null
      : {
          timeToFirstTokenMs: around(20 + inputTokens * 0.05 + concurrency * 2),
          timePerOutputTokenMs: around(6 + concurrency * 0.08),
          outputTokensPerSecond: around((concurrency * 1_000) / (6 + concurrency * 0.08)),
          basis: 'analytical',
        },
  ),
})
export const Sliders = { ...loaded({ predict }), render: () => <Sensitivity plan={samplePlan()} /> }
export const SlidersFailed = { ...failed, render: () => <Sensitivity plan={samplePlan()} /> }

const measured = {
  fromUnixMs: nowUnixMs,
  toUnixMs: nowUnixMs,
  timeZone: 'UTC',
  measures: {},
  rows: [
    {
      timeUnixMs: nowUnixMs,
      endUnixMs: nowUnixMs,
      group: {},
      isOther: false,
      values: { requests: 412, timeToFirstTokenMsP50: 88, timePerOutputTokenMsP50: 11.4 },
      counts: {},
    },
  ],
}
const accuracy = () => <PredictedMeasured clusterId="demo" />
export const Accuracy = { ...loaded({ deployments: { data: [deployed] }, ask: measured }), render: accuracy }
export const AccuracyEmpty = { ...loaded({ deployments: { data: [] } }), render: accuracy }
export const AccuracyFailed = { ...failed, render: accuracy }
