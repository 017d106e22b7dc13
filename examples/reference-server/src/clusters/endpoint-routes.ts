/** Deployments of a real cluster as models of the gateway: routes come and go with the pods that take requests. */
import { readFileSync } from 'node:fs'
import { connectKubernetes, followEndpoints, type DeployedEndpoint, type FollowedEndpoints } from '@bud-foundry/cluster'
import { createSecret, type Clock, type Logger } from '@bud-foundry/core'
import type { GatewayConfigInput } from '@bud-foundry/gateway'
import { serverErrors } from '../errors.ts'

type Models = GatewayConfigInput['models']

/** Deployments of one model are targets of one route; an adapter is a model of its own. */
export function addEndpoint(models: Record<string, Models[string]>, { id, model, adapters, url }: DeployedEndpoint): void {
  for (const name of [model, ...adapters]) {
    const known = models[name]
    const target = { id: `${id}/${name}`, provider: 'openai-compatible' as const, model: name, baseUrl: url }
    models[name] = { policy: 'p2c-peak-ewma', ...known, targets: [...(known?.targets ?? []), target] }
  }
}

export interface ClusterRoutes extends AsyncDisposable {
  readonly current: FollowedEndpoints['current']
}

export interface ClusterRoutesParts {
  /** The file of a kubeconfig, whose user may watch services and endpoint slices. */
  readonly kubeconfig: string
  readonly clock: Clock
  readonly logger: Logger
  readonly onChange: () => Promise<void>
}

function readKubeconfig(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw serverErrors.KUBECONFIG_UNREADABLE({ file, reason: error instanceof Error ? error.message : String(error) }, { cause: error })
  }
}

/** @throws SERVER_KUBECONFIG_UNREADABLE, CLUSTER_KUBECONFIG_INVALID */
export function followCluster({ kubeconfig, clock, logger, onChange }: ClusterRoutesParts): ClusterRoutes {
  const api = connectKubernetes({ kubeconfig: createSecret(readKubeconfig(kubeconfig)) })
  const followed = followEndpoints({
    api,
    clock,
    onChange: async (endpoints) => {
      await onChange()
      logger.info('the gateway follows the cluster', { server: api.server, deployments: endpoints.map(({ id }) => id) })
    },
    onError: (error) => {
      logger.warn('endpoints of the cluster cannot be followed; routes stay as they are', { server: api.server, error })
    },
  })
  return {
    current: followed.current,
    [Symbol.asyncDispose]: async () => {
      await followed[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}
