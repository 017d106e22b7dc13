/** Whose requests a page speaks of, and how far back; both go from page to page. */
import { TimeRange } from '@bud-foundry/react/time-range'
import { ProjectPicker } from './project-picker.tsx'
import { go, type Route } from './route.ts'

export function RangeControls({ route }: { readonly route: Route }) {
  return (
    <span className="page-head-controls">
      <ProjectPicker route={route} />
      <TimeRange
        value={route.range}
        onChange={(range) => {
          go({ ...route, range })
        }}
      />
    </span>
  )
}
