/** Map, service level, live tail. */
import { LiveGeoMap } from '../src/entry/geo-map.ts'
import { LiveTail } from '../src/entry/live-tail.ts'
import { SloPanel } from '../src/entry/slo.ts'
import { sampleFailover, sampleRequest } from '../test/support/sample-data.ts'
import { answerNothing, answerTo, catalogue } from './support/sample-metrics.ts'
import { failed, loaded, loading, staleAfter } from './support/states.ts'

export default { title: 'Observe/Map, service level, tail' }

const map = () => <LiveGeoMap />
export const Map = { ...loaded({ ask: answerTo }), render: map }
export const MapEmpty = { ...loaded({ ask: answerNothing }), render: map }
export const MapLoading = { ...loading, render: map }
export const MapFailed = { ...failed, render: map }
export const MapStale = { ...staleAfter({ ask: answerTo }), render: map }

const slo = () => <SloPanel goal={0.99} slo={{ timeToFirstTokenMs: 500 }} />
export const Slo = { ...loaded({ ask: answerTo, measures: catalogue }), render: slo }
export const SloOverspent = { ...loaded({ ask: answerTo, measures: catalogue }), render: () => <SloPanel title="Success" goal={0.999} /> }
export const SloEmpty = { ...loaded({ ask: answerNothing }), render: slo }
export const SloLoading = { ...loading, render: slo }
export const SloFailed = { ...failed, render: slo }

const events = [
  sampleRequest(),
  sampleFailover(),
  sampleRequest({
    id: 'no',
    outcome: 'rejected',
    status: 429,
    errorCode: 'GATEWAY_RATE_LIMITED',
    targetId: undefined,
    outputTokens: 0,
    durationMs: 2,
  }),
]
const live = events.map((event) => `event: request\ndata: ${JSON.stringify(event)}\n\n`).join('')
export const Tail = { ...loaded({ live }), render: () => <LiveTail onOpen={() => {}} /> }
export const TailEmpty = { ...loading, render: () => <LiveTail /> }
