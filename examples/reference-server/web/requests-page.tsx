/** All requests of the range, filtered by outcome, model and project; the address names the filters and the open one. */
import { useModels } from '@bud-foundry/react'
import { LiveRequestTable } from '@bud-foundry/react/request-table'
import { useMemo } from 'react'
import { RangeControls } from './range-controls.tsx'
import { go, outcomes, type Route } from './route.ts'

const names: Readonly<Record<string, string>> = {
  success: 'Success',
  error: 'Error',
  rejected: 'Rejected',
  partial: 'Partial',
  aborted: 'Aborted',
}
const rangesMs: Readonly<Record<Route['range'], number>> = {
  '15m': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
  '30d': 2_592_000_000,
}

export function RequestsPage({ route }: { readonly route: Route }) {
  const { outcome, model, project, range } = route
  const models = useModels().data ?? []
  // From when the page was opened or its filters changed: the list itself goes on with the present.
  const query = useMemo(
    () => ({ limit: 100, outcome, model, projectId: project, fromUnixMs: Date.now() - rangesMs[range] }),
    [outcome, model, project, range],
  )
  return (
    <>
      <div className="page-head page-head-row">
        <div>
          <h1>Requests</h1>
          <p>Every request through the gateway, with its attempts. Select one for its details.</p>
        </div>
        <RangeControls route={route} />
      </div>
      <div className="filters">
        <div className="chips" role="group" aria-label="Outcome">
          {[undefined, ...outcomes].map((each) => (
            <button
              key={each ?? 'all'}
              type="button"
              className="bud-chip"
              aria-pressed={each === outcome}
              onClick={() => {
                go({ ...route, requestId: undefined, outcome: each })
              }}
            >
              {each === undefined ? 'All' : names[each]}
            </button>
          ))}
        </div>
        <span className="bud-select-field">
          <select
            className="bud-select"
            aria-label="Model"
            value={model ?? ''}
            onChange={(event) => {
              go({ ...route, requestId: undefined, model: event.target.value === '' ? undefined : event.target.value })
            }}
          >
            <option value="">All models</option>
            {[...new Set([...models.map(({ id }) => id), ...(model === undefined ? [] : [model])])].map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </span>
      </div>
      <section className="bud bud-panel requests-panel" aria-label="Requests">
        <LiveRequestTable
          query={query}
          hasMore
          openId={route.requestId}
          onOpenChange={(id) => {
            go({ ...route, requestId: id })
          }}
        />
      </section>
    </>
  )
}
