/** All requests, filtered by outcome and model; the address names the open one. */
import { useModels, type RequestQuery } from '@bud-foundry/react'
import { LiveRequestTable } from '@bud-foundry/react/request-table'
import { useMemo, useState } from 'react'
import { go, type Route } from './route.ts'

type Outcome = NonNullable<RequestQuery['outcome']>

const outcomes: readonly { readonly name: string; readonly outcome: Outcome | undefined }[] = [
  { name: 'All', outcome: undefined },
  { name: 'Success', outcome: 'success' },
  { name: 'Error', outcome: 'error' },
  { name: 'Rejected', outcome: 'rejected' },
  { name: 'Partial', outcome: 'partial' },
  { name: 'Aborted', outcome: 'aborted' },
]

export function RequestsPage({ route }: { readonly route: Route }) {
  const [outcome, setOutcome] = useState<Outcome | undefined>(undefined)
  const [model, setModel] = useState<string | undefined>(undefined)
  const models = useModels().data ?? []
  const query = useMemo(() => ({ limit: 100, outcome, model }), [outcome, model])
  return (
    <>
      <div className="page-head">
        <h1>Requests</h1>
        <p>Every request through the gateway, with its attempts. Select one for its details.</p>
      </div>
      <div className="filters">
        <div className="chips" role="group" aria-label="Outcome">
          {outcomes.map((each) => (
            <button
              key={each.name}
              type="button"
              className="bud-chip"
              aria-pressed={each.outcome === outcome}
              onClick={() => {
                setOutcome(each.outcome)
              }}
            >
              {each.name}
            </button>
          ))}
        </div>
        <span className="bud-select-field">
          <select
            className="bud-select"
            aria-label="Model"
            value={model ?? ''}
            onChange={(event) => {
              setModel(event.target.value === '' ? undefined : event.target.value)
            }}
          >
            <option value="">All models</option>
            {models.map(({ id }) => (
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
