/** Where requests go and who is refused: routes and their health, the live tail, and, for administrators, policies, credentials and rules. */
import { BlockingRules } from '@bud-foundry/react/blocking'
import { CredentialList } from '@bud-foundry/react/credentials'
import { LiveTail } from '@bud-foundry/react/live-tail'
import { MetricChart } from '@bud-foundry/react/metric'
import { PolicyEditor } from '@bud-foundry/react/policy-editor'
import { RouteList } from '@bud-foundry/react/routes'
import { useMemo } from 'react'
import { AdminGuard } from './admin-guard.tsx'
import { go, type Route } from './route.ts'

export function GatewayPage({ route }: { readonly route: Route }) {
  const window = useMemo(() => ({ last: route.range }), [route.range])
  return (
    <>
      <div className="page-head">
        <h1>Gateway</h1>
        <p>Which targets answer for which model, how traffic is split between them, and what is let in.</p>
      </div>
      <div className="two-columns">
        <RouteList />
        <LiveTail onOpen={(requestId) => go({ ...route, page: 'requests', requestId })} />
      </div>
      <MetricChart title="Refused and failed" measures={['errors', 'rejected']} window={window} />
      <AdminGuard>
        <div className="two-columns">
          <PolicyEditor />
          <div className="page-stack">
            <BlockingRules />
            <CredentialList />
          </div>
        </div>
      </AdminGuard>
    </>
  )
}
