/** Numbers with their course. */
import { LiveTiles, StatTile } from '../src/entry/stat-tile.ts'
import { MetricTile } from '../src/entry/metric.ts'
import { answerNothing, answerTo, series } from './support/sample-metrics.ts'
import { failed, loaded, loading, staleAfter } from './support/states.ts'

export default { title: 'Observe/Tiles' }

const rising = [3, 5, 4, 6, 8, 7, 9, 12]

export const Tile = () => (
  <div className="bud bud-tiles">
    <StatTile label="Tokens/s" value="404" detail="peak 701" trend={rising} trendText="Tokens/s between 3 and 12" />
    <StatTile label="Errors" value="2.1%" detail="14 of 664" trend={[0, 0, 2, 7, 3, 0]} tone="danger" />
    <StatTile label="Time to first token" value="92" unit="ms" />
    <StatTile label="Stale" value="31" detail="the last refresh failed" trend={[1, null, 3]} isStale />
  </div>
)
export const Live = { ...loaded({ series }), render: () => <LiveTiles /> }
export const LiveLoading = { ...loading, render: () => <LiveTiles /> }
export const LiveFailed = { ...failed, render: () => <LiveTiles /> }

const metrics = () => (
  <div className="bud bud-tiles">
    <MetricTile measure="requests" />
    <MetricTile measure="timeToFirstTokenMsP95" />
    <MetricTile measure="costUsd" />
  </div>
)
export const Metric = { ...loaded({ ask: answerTo }), render: metrics }
export const MetricEmpty = { ...loaded({ ask: answerNothing }), render: metrics }
export const MetricLoading = { ...loading, render: metrics }
export const MetricFailed = { ...failed, render: metrics }
export const MetricStale = { ...staleAfter({ ask: answerTo }), render: metrics }
