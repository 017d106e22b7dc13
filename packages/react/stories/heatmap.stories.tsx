/** How latencies spread over time. */
import { LiveHeatmap } from '../src/entry/heatmap.ts'
import { distribution } from './support/sample-metrics.ts'
import { failed, loaded, loading, staleAfter } from './support/states.ts'

export default { title: 'Observe/Heatmap' }

const render = () => <LiveHeatmap />
export const Data = { ...loaded({ distribution }), render }
export const Empty = { ...loaded({ distribution: { ...distribution, rows: [] } }), render }
export const Loading = { ...loading, render }
export const Failed = { ...failed, render }
export const Stale = { ...staleAfter({ distribution }), render }
