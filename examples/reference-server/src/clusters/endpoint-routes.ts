/** Deployments of a real cluster as models of the gateway: routes come and go with the pods that take requests. */
import type { DeployedEndpoint } from '@bud-foundry/cluster'
import type { GatewayConfigInput } from '@bud-foundry/gateway'

type Models = GatewayConfigInput['models']

/** Deployments of one model are targets of one route; an adapter is a model of its own. */
export function addEndpoint(models: Record<string, Models[string]>, { id, model, adapters, url }: DeployedEndpoint): void {
  for (const name of [model, ...adapters]) {
    const known = models[name]
    const target = { id: `${id}/${name}`, provider: 'openai-compatible' as const, model: name, baseUrl: url }
    models[name] = { policy: 'p2c-peak-ewma', ...known, targets: [...(known?.targets ?? []), target] }
  }
}
