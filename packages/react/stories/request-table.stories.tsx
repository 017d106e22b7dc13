/** Requests, one open with its attempts. */
import { LiveRequestTable, RequestTable } from '../src/entry/request-table.ts'
import { sampleFailover, sampleRequest } from '../test/support/sample-data.ts'
import { failed, loaded, loading } from './support/states.ts'

export default { title: 'Observe/Requests' }

const rejected = sampleRequest({
  id: 'req_no',
  outcome: 'rejected',
  status: 429,
  attempts: [],
  errorCode: 'GATEWAY_RATE_LIMITED',
  targetId: undefined,
})
const requests = [sampleFailover(), sampleRequest(), rejected, sampleRequest({ id: 'req_x', outcome: 'aborted', status: 499 })]

export const Open = () => <RequestTable requests={requests} openId="req_failover" onOpenChange={() => {}} />
export const Running = () => (
  <RequestTable requests={requests} inFlight={[{ id: 'r', timeUnixMs: 1_763_870_395_000, requestedModel: 'qwen3-32b', stream: true }]} />
)
export const Empty = () => <RequestTable requests={[]} />
const live = () => <LiveRequestTable />
export const Live = { ...loaded({ requests: { data: requests } }), render: live }
export const LiveLoading = { ...loading, render: live }
export const LiveFailed = { ...failed, render: live }
