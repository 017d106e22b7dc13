/** Where requests go and who is refused: routes and their health, the live tail, and, for administrators, policies, credentials and rules. */
import { BlockingRules } from '@bud-foundry/react/blocking'
import { CredentialList } from '@bud-foundry/react/credentials'
import { GuardrailList } from '@bud-foundry/react/guardrails'
import { LiveTail } from '@bud-foundry/react/live-tail'
import { MetricChart } from '@bud-foundry/react/metric'
import { PolicyEditor } from '@bud-foundry/react/policy-editor'
import { RouteList } from '@bud-foundry/react/routes'
import { useMemo } from 'react'
import { AdminGuard } from './admin-guard.tsx'
import { RangeControls } from './range-controls.tsx'
import { go, type Route } from './route.ts'

export function GatewayPage({ route }: { readonly route: Route }) {
  const window = useMemo(() => ({ last: route.range }), [route.range])
  const filters = useMemo(() => (route.project === undefined ? undefined : { projectId: [route.project] }), [route.project])
  return (
    <>
      <div className="page-head page-head-row">
        <div>
          <h1>Gateway</h1>
          <p>Which targets answer for which model, how traffic is split between them, and what is let in.</p>
        </div>
        <RangeControls route={route} />
      </div>
      <div className="two-columns">
        <RouteList window={window} />
        <LiveTail onOpen={(requestId) => go({ ...route, page: 'requests', requestId })} />
      </div>
      <div className="two-columns">
        <MetricChart title="Refused and failed" measures={['errors', 'rejected']} window={window} filters={filters} />
        <MetricChart title="Guardrails hit" measures={['guardrailRequests']} window={window} filters={filters} />
      </div>
      <AdminGuard>
        <div className="two-columns">
          <PolicyEditor />
          <div className="page-stack">
            <GuardrailList window={window} />
            <BlockingRules />
            <CredentialList />
          </div>
        </div>
      </AdminGuard>
    </>
  )
}
