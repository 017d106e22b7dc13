/** The cluster in memory behind `/api/clusters/demo`: machines that nobody owns, engine twins behind the pods, both in the gateway. */
import { createClusterManager } from '@bud-foundry/cluster'
import { createMemoryStore, type Clock, type Logger } from '@bud-foundry/core'
import { serverErrors } from '../errors.ts'
import { createDemoEngines, type DemoEngine } from './demo-engines.ts'
import { createDemoKubernetes } from './demo-kubernetes.ts'
import { createServedCluster, type ServedCluster } from './served-cluster.ts'
import { measureTwins } from './twin-benchmark.ts'

export const demoClusterId = 'demo'

export interface DemoCluster extends ServedCluster {
  engines(): readonly DemoEngine[]
}

export interface DemoClusterParts {
  readonly clock: Clock
  readonly logger: Logger
  /** Engines came or went: the gateway's targets follow. */
  readonly onEngines: () => Promise<void>
}

export async function createDemoCluster({ clock, logger, onEngines }: DemoClusterParts): Promise<DemoCluster> {
  const engines = createDemoEngines({ clock, logger })
  const api = await createDemoKubernetes({ clock, answerPod: engines.answerPod })
  // Gone with the cluster: its machines are in memory as well.
  const store = createMemoryStore()
  const served = await createServedCluster({
    id: demoClusterId,
    name: 'Demo cluster',
    isDemo: true,
    api,
    manager: createClusterManager({ api, store, clusterName: demoClusterId, operator: 'console', clock }),
    clock,
    logger,
    store,
    backend: {
      onApply: engines.expect,
      onRemoved: engines.stop,
      onEngines,
      found: () => Promise.resolve([]),
      logs: (deployment) => Promise.resolve(engines.logs(deployment)),
      benchmark: ({ deployment, plan }, onResult, signal) => {
        const engine = engines.running().find(({ name, namespace }) => name === deployment.name && namespace === deployment.namespace)
        if (engine === undefined) throw serverErrors.NOT_FOUND({ what: `an engine of ${deployment.name}` })
        return measureTwins({ urls: engine.fleet.urls, plan, clock }, onResult, signal)
      },
    },
  })
  return {
    ...served,
    engines: () => engines.running(),
    [Symbol.asyncDispose]: async () => {
      await served[Symbol.asyncDispose]()
      await engines[Symbol.asyncDispose]()
    },
  }
}
