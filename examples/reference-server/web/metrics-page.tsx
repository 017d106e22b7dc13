/** What the server measured over the chosen range: volume, latency, tokens, errors, cost, and by whom. */
import { LiveBreakdown } from '@bud-foundry/react/breakdown'
import { LiveHeatmap } from '@bud-foundry/react/heatmap'
import { MetricChart, MetricTile } from '@bud-foundry/react/metric'
import { TimeRange } from '@bud-foundry/react/time-range'
import { useMemo } from 'react'
import { go, type Route } from './route.ts'

export function MetricsPage({ route }: { readonly route: Route }) {
  const window = useMemo(() => ({ last: route.range }), [route.range])
  return (
    <>
      <div className="page-head page-head-row">
        <div>
          <h1>Metrics</h1>
          <p>Measured at the gateway. Every chart can be walked by keyboard, read as a table, and exported.</p>
        </div>
        <TimeRange
          value={route.range}
          onChange={(range) => {
            go({ ...route, range })
          }}
        />
      </div>
      <div className="bud bud-tiles">
        <MetricTile measure="requests" window={window} />
        <MetricTile measure="successShare" window={window} />
        <MetricTile measure="timeToFirstTokenMsP95" window={window} />
        <MetricTile measure="outputTokens" window={window} />
        <MetricTile measure="costUsd" window={window} />
        <MetricTile measure="cacheSavedUsd" window={window} />
      </div>
      <div className="metrics-grid">
        <MetricChart title="Requests by model" measures={['requests']} groupBy="model" window={window} />
        <MetricChart title="Outcomes" measures={['requests']} groupBy="outcome" window={window} />
        <MetricChart
          title="Time to first token"
          measures={['timeToFirstTokenMsP50', 'timeToFirstTokenMsP95', 'timeToFirstTokenMsP99']}
          window={window}
        />
        <MetricChart
          title="Time per output token"
          measures={['timePerOutputTokenMsP50', 'timePerOutputTokenMsP95', 'timePerOutputTokenMsP99']}
          window={window}
        />
        <LiveHeatmap window={window} />
        <MetricChart title="Tokens" measures={['inputTokens', 'cachedInputTokens', 'outputTokens']} window={window} />
        <LiveBreakdown
          title="Traffic"
          measures={['requests', 'outputTokens', 'costUsd', 'successShare']}
          dimensions={['model', 'keyId', 'userId', 'projectId', 'userAgent']}
          window={window}
        />
        <LiveBreakdown
          title="Targets"
          measures={['requests', 'successShare', 'timeToFirstTokenMsP50', 'timePerOutputTokenMsP50']}
          dimensions={['targetId', 'providerId']}
          window={window}
        />
        <LiveBreakdown
          title="Errors by class"
          measures={['errors', 'requests']}
          dimensions={['errorCode', 'status', 'outcome']}
          window={window}
        />
        <LiveBreakdown
          title="Cost"
          measures={['costUsd', 'costUsdPerMillionTokens', 'inputTokens', 'outputTokens']}
          dimensions={['model', 'projectId', 'keyId', 'userId', 'targetId']}
          orderBy="costUsd"
          window={window}
        />
      </div>
    </>
  )
}
