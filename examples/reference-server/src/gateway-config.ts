/** Which models the gateway serves: the twin's on all of its replicas, and whatever the configured upstreams list. */
import type { GatewayConfigInput } from '@bud-foundry/gateway'
import type { DeployedEndpoint } from '@bud-foundry/cluster'
import type { DemoEngine } from './clusters/demo-engines.ts'
import { addEndpoint } from './clusters/endpoint-routes.ts'
import type { TwinFleet } from './twin-fleet.ts'
import type { Upstream } from './upstream-discovery.ts'

type Models = GatewayConfigInput['models']

export interface DiscoveredUpstream {
  readonly upstream: Upstream
  readonly models: readonly string[]
}

/** Noted and let through: it shows where a guardrail stands, and changes no answer. */
const guardrails: GatewayConfigInput['guardrails'] = {
  rails: { 'email-addresses': { kind: 'pii', on: ['input'], action: 'annotate', detect: ['email'] } },
  attach: [{ rails: ['email-addresses'] }],
}

function twinModel(fleet: TwinFleet): Models[string] {
  return {
    // Sends a request to the better of two replicas by latency and load: what most deployments of one engine want.
    policy: 'p2c-peak-ewma',
    targets: fleet.urls.map((url, replica) => ({
      id: `twin-${String(replica + 1)}`,
      provider: 'openai-compatible',
      model: fleet.model,
      baseUrl: url.href,
    })),
  }
}

function upstreamModel({ id, providerId, baseUrl, credential }: Upstream, model: string): Models[string] {
  return {
    targets: [
      { id: `${id}/${model}`, provider: providerId, model, baseUrl: baseUrl.href, ...(credential === undefined ? {} : { credential }) },
    ],
  }
}

/** A deployment of the demo cluster; beside the targets that the model has already. */
function addDeployment(models: Record<string, Models[string]>, { name, fleet }: DemoEngine): void {
  const known = models[fleet.model]
  const targets = fleet.urls.map((url, replica) => ({
    id: `${name}-${String(replica + 1)}`,
    provider: 'openai-compatible' as const,
    model: fleet.model,
    baseUrl: url.href,
  }))
  models[fleet.model] = { policy: 'p2c-peak-ewma', ...known, targets: [...(known?.targets ?? []), ...targets] }
}

export interface ConfigParts {
  readonly fleet: TwinFleet
  readonly discovered: readonly DiscoveredUpstream[]
  readonly deployments?: readonly DemoEngine[] | undefined
  readonly endpoints?: readonly DeployedEndpoint[] | undefined
  /** Of requests, 0 to 1, whose texts are kept. */
  readonly captureShare?: number | undefined
}

/** Of two upstreams with a model of the same name the earlier one wins; the other's is reached as `<upstream>/<model>`. */
export function gatewayConfig({ fleet, discovered, deployments = [], endpoints = [], captureShare = 0 }: ConfigParts): GatewayConfigInput {
  const models: Record<string, Models[string]> = {}
  if (fleet.urls.length > 0) models[fleet.model] = twinModel(fleet)
  for (const { upstream, models: names } of discovered) {
    for (const name of names) {
      const free = models[name] === undefined ? name : `${upstream.id}/${name}`
      models[free] ??= upstreamModel(upstream, name)
    }
  }
  for (const deployment of deployments) addDeployment(models, deployment)
  for (const endpoint of endpoints) addEndpoint(models, endpoint)
  // Events reach the spool this soon after a request has ended; only a crash within that time can lose one.
  const telemetry = { flushMs: 10, ...(captureShare === 0 ? {} : { capture: { share: captureShare, redact: ['keys' as const] } }) }
  // No blocking rules to begin with: administrators make them while the server runs.
  return { models, blocking: {}, guardrails, disconnect: { kind: 'drain-for-usage' }, telemetry }
}
