/** Narrows what was measured to one project; the choice is in the address and goes from page to page. */
import { useAsk } from '@bud-foundry/react'
import { go, type Route } from './route.ts'

const projectsMax = 100

export function ProjectPicker({ route }: { readonly route: Route }) {
  const { data } = useAsk(
    { measure: ['requests'], window: { last: '30d' }, groupBy: ['projectId'], limit: projectsMax },
    { refreshMs: null },
  )
  const found = data?.rows.map(({ group }) => group['projectId'] ?? '').filter((id) => id !== '') ?? []
  const projects = [...new Set([...found, ...(route.project === undefined ? [] : [route.project])])]
  return (
    <span className="bud bud-select-field">
      <select
        className="bud-select"
        aria-label="Project"
        value={route.project ?? ''}
        onChange={(event) => {
          go({ ...route, project: event.target.value === '' ? undefined : event.target.value })
        }}
      >
        <option value="">All projects</option>
        {projects.map((id) => (
          <option key={id}>{id}</option>
        ))}
      </select>
    </span>
  )
}
