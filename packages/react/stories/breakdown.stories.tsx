/** Who and what the traffic consists of. */
import { LiveBreakdown } from '../src/entry/breakdown.ts'
import { answerNothing, answerTo } from './support/sample-metrics.ts'
import { failed, loaded, loading, staleAfter } from './support/states.ts'

export default { title: 'Observe/Breakdown' }

const render = () => (
  <LiveBreakdown title="Traffic" measures={['requests', 'outputTokens', 'costUsd', 'successShare']} dimensions={['model', 'targetId']} />
)
export const Data = { ...loaded({ ask: answerTo }), render }
export const Empty = { ...loaded({ ask: answerNothing }), render }
export const Loading = { ...loading, render }
export const Failed = { ...failed, render }
export const Stale = { ...staleAfter({ ask: answerTo }), render }
