/** What the server measured over the chosen range: volume, latency, tokens, errors, cost, and by whom. */
import { LiveBreakdown } from '@bud-foundry/react/breakdown'
import { LiveHeatmap } from '@bud-foundry/react/heatmap'
import { MetricChart, MetricTile } from '@bud-foundry/react/metric'
import { LiveGeoMap } from '@bud-foundry/react/geo-map'
import { SloPanel } from '@bud-foundry/react/slo'
import { useMemo } from 'react'
import { RangeControls } from './range-controls.tsx'
import type { Route } from './route.ts'

/** What the service level on this page promises. */
const objective = { timeToFirstTokenMs: 500 } as const

export function MetricsPage({ route }: { readonly route: Route }) {
  const window = useMemo(() => ({ last: route.range }), [route.range])
  const filters = useMemo(() => (route.project === undefined ? undefined : { projectId: [route.project] }), [route.project])
  const shared = { window, filters, syncKey: 'metrics' } as const
  const table = { window, filters } as const
  return (
    <>
      <div className="page-head page-head-row">
        <div>
          <h1>Metrics</h1>
          <p>Measured at the gateway. Every chart can be walked by keyboard, read as a table, and exported.</p>
        </div>
        <RangeControls route={route} />
      </div>
      <div className="bud bud-tiles">
        <MetricTile measure="requests" {...table} />
        <MetricTile measure="successShare" {...table} />
        <MetricTile measure="timeToFirstTokenMsP95" {...table} />
        <MetricTile measure="outputTokens" {...table} />
        <MetricTile measure="costUsd" {...table} />
        <MetricTile measure="cacheSavedUsd" {...table} />
      </div>
      <div className="metrics-grid">
        <MetricChart title="Requests by model" measures={['requests']} groupBy="model" {...shared} />
        <MetricChart title="Outcomes" measures={['requests']} groupBy="outcome" {...shared} />
        <MetricChart
          title="Time to first token"
          measures={['timeToFirstTokenMsP50', 'timeToFirstTokenMsP95', 'timeToFirstTokenMsP99']}
          {...shared}
        />
        <MetricChart
          title="Time per output token"
          measures={['timePerOutputTokenMsP50', 'timePerOutputTokenMsP95', 'timePerOutputTokenMsP99']}
          {...shared}
        />
        <LiveHeatmap {...table} />
        <SloPanel goal={0.99} slo={objective} filters={filters} />
        <MetricChart title="Errors by class" measures={['errors']} groupBy="errorCode" {...shared} />
        <LiveGeoMap {...table} />
        <MetricChart title="Cost by model" measures={['costUsd']} groupBy="model" {...shared} />
        <MetricChart title="Saved by the cache" measures={['cacheSavedUsd']} {...shared} />
        <MetricChart title="Tokens" measures={['inputTokens', 'cachedInputTokens', 'outputTokens']} {...shared} />
        <LiveBreakdown
          title="Traffic"
          measures={['requests', 'outputTokens', 'costUsd', 'successShare']}
          dimensions={['model', 'keyId', 'userId', 'projectId', 'userAgent']}
          {...table}
        />
        <LiveBreakdown
          title="Targets"
          measures={['requests', 'successShare', 'timeToFirstTokenMsP50', 'timePerOutputTokenMsP50']}
          dimensions={['targetId', 'providerId']}
          {...table}
        />
        <LiveBreakdown title="Errors" measures={['errors', 'requests']} dimensions={['errorCode', 'status', 'outcome']} {...table} />
        <LiveBreakdown
          title="Cost"
          measures={['costUsd', 'costUsdPerMillionTokens', 'inputTokens', 'outputTokens']}
          dimensions={['model', 'projectId', 'keyId', 'userId', 'targetId']}
          orderBy="costUsd"
          {...table}
        />
      </div>
    </>
  )
}
