/** A Kubernetes of the operator's, behind `/api/clusters/kubernetes`: the same routes as the demo, and everything real. */
import {
  benchmarkJob,
  connectKubernetes,
  createClusterManager,
  followEndpoints,
  readBenchmarkResult,
  type DeployedEndpoint,
} from '@bud-foundry/cluster'
import { createSecret, type Clock, type Logger, type Secret, type Store } from '@bud-foundry/core'
import { readFileSync } from 'node:fs'
import type { ServerEnvironment } from '../env.ts'
import { serverErrors } from '../errors.ts'
import { createServedCluster, type ServedCluster } from './served-cluster.ts'

export const kubernetesClusterId = 'kubernetes'

export interface KubernetesClusterParts {
  readonly kubeconfig: Secret
  readonly context: string | undefined
  readonly clock: Clock
  readonly logger: Logger
  readonly store: Store
  /** Hears the deployments that take requests now. They are reached by names of the cluster: from inside it, or where those names resolve. */
  readonly onEndpoints: (endpoints: readonly DeployedEndpoint[]) => Promise<void>
}

/** The file that the environment names. @throws SERVER_KUBECONFIG_UNREADABLE */
export function readKubeconfig({ BUD_KUBECONFIG: path }: Pick<ServerEnvironment, 'BUD_KUBECONFIG'>): Secret | undefined {
  if (path === undefined) return undefined
  try {
    return createSecret(readFileSync(path, 'utf8'))
  } catch (error) {
    throw serverErrors.KUBECONFIG_UNREADABLE({ path, reason: error instanceof Error ? error.message : 'unknown' }, { cause: error })
  }
}

/** @throws CLUSTER_KUBECONFIG_INVALID; a cluster that does not answer is no failure, its routes say so until it does. */
export async function createKubernetesCluster(parts: KubernetesClusterParts): Promise<ServedCluster> {
  const { kubeconfig, context, clock, logger, store, onEndpoints } = parts
  const api = connectKubernetes({ kubeconfig, context })
  const manager = createClusterManager({ api, store, clusterName: context ?? kubernetesClusterId, operator: 'console', clock })
  const followed = followEndpoints({
    api,
    clock,
    onChange: onEndpoints,
    onError: (error) => {
      logger.warn('deployments of the cluster cannot be followed; the targets of the gateway stay as they are', { error })
    },
  })
  const served = await createServedCluster({
    id: kubernetesClusterId,
    name: context ?? 'Kubernetes',
    isDemo: false,
    api,
    manager,
    clock,
    logger,
    store,
    backend: {
      // Endpoints are watched; there is nothing else to tell the gateway.
      onEngines: () => Promise.resolve(),
      found: async (signal) => {
        const names = new Map(
          (await manager.workers(undefined, signal)).map(({ deployment, namespace }) => [
            `${namespace}/${deployment}`,
            { name: deployment, namespace },
          ]),
        )
        return [...names.values()]
      },
      logs: async (deployment, signal) => {
        const workers = await manager.workers(deployment, signal)
        const lines = await Promise.all(
          workers.map(async (worker, replica) =>
            (await manager.readLog(worker, signal)).map(({ at, text }) => ({
              timeUnixMs: at === undefined ? 0 : Date.parse(at),
              replica,
              text,
            })),
          ),
        )
        return lines.flat().toSorted((left, right) => left.timeUnixMs - right.timeUnixMs)
      },
      benchmark: ({ deployment, plan }, onResult, signal) =>
        manager.run(benchmarkJob(plan, { namespace: deployment.namespace }), (log) => onResult(readBenchmarkResult(plan, log)), signal),
    },
  })
  return {
    ...served,
    [Symbol.asyncDispose]: async () => {
      await followed[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
    },
  }
}
