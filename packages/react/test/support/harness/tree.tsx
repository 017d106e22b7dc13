/** Widgets with fixed data, the same on the server and in the browser. */
import { BudProvider, BudRoot } from '../../../src/index.ts'
import { ManifestView } from '../../../src/entry/manifest-view.ts'
import { PlanList } from '../../../src/entry/plan-list.ts'
import { StatTile } from '../../../src/entry/stat-tile.ts'
import { TimeSeriesChart } from '../../../src/entry/time-series.ts'
import { nowUnixMs, sampleManifests, samplePlans, sampleYaml } from '../sample-data.ts'

const times = Array.from({ length: 40 }, (_, index) => nowUnixMs + index * 5_000)
const series = [{ label: 'Requests', values: times.map((_, index) => (index * 7) % 11), tone: 'accent', isFilled: true }] as const
const write = (value: number) => value.toFixed(1)

export function FixedTree() {
  return (
    <BudProvider timeZone="UTC">
      <BudRoot theme="light">
        <StatTile label="Tokens/s" value="404" detail="peak 701" trend={[1, 4, null, 3]} trendText="Tokens/s between 1 and 4" />
        <TimeSeriesChart title="Requests per second" timesUnixMs={times} series={series} write={write} />
        <PlanList result={{ plans: samplePlans(), rejected: [] }} />
        <ManifestView plan={{ manifests: sampleManifests, yaml: sampleYaml, findings: [] }} />
      </BudRoot>
    </BudProvider>
  )
}
