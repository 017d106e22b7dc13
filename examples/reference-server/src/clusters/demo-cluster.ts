/** Everything behind `/api/clusters/demo`: plans and operations of the cluster package on the cluster in memory, engines in the gateway. */
import {
  createClusterManager,
  followEndpoints,
  type ClusterChangeSet,
  type DeploymentReference,
  type DeploymentState,
} from '@bud-foundry/cluster'
import type { Clock, DeploymentPlan, Logger, Store } from '@bud-foundry/core'
import { createMemoryStore } from '@bud-foundry/core'
import { serverErrors } from '../errors.ts'
import { describeNodes, type NodeView } from './cluster-views.ts'
import { createDemoEngines, type DemoEngine, type LogLine } from './demo-engines.ts'
import { createDemoKubernetes } from './demo-kubernetes.ts'
import { createOperations, type OperationState, type Operations } from './operations.ts'

export const demoClusterId = 'demo'
const namespace = 'bud-inference'
/** An event of the cluster in memory arrives at once. */
const followMs = 10_000
/** Plans that were shown and not yet applied. */
const changesMax = 20

export interface ClusterSummary {
  readonly id: string
  readonly name: string
  /** In memory, with engine twins; nothing that it shows exists. */
  readonly isDemo: boolean
  readonly server: string
  readonly version: string
  readonly platform: string
  readonly nodes: readonly NodeView[]
  readonly findings: readonly { readonly severity: string; readonly message: string }[]
}

export interface DeploymentView extends DeploymentState {
  readonly plan: DeploymentPlan
  readonly costUsdPerHour?: number | undefined
}

export interface DemoCluster extends AsyncDisposable {
  readonly operations: Operations
  describe(signal: AbortSignal): Promise<ClusterSummary>
  plan(plan: DeploymentPlan, signal: AbortSignal): Promise<ClusterChangeSet>
  /** @throws SERVER_NOT_FOUND when nobody was shown these changes */
  apply(changesId: string): OperationState
  destroy(deployment: DeploymentReference): OperationState
  deployments(signal: AbortSignal): Promise<readonly DeploymentView[]>
  logs(deployment: DeploymentReference): readonly LogLine[]
  /** What exists of deployments that are gone. */
  leftovers(
    signal: AbortSignal,
  ): Promise<readonly { readonly kind: string; readonly name: string; readonly namespace?: string | undefined }[]>
  engines(): readonly DemoEngine[]
}

export interface DemoClusterParts {
  readonly clock: Clock
  readonly logger: Logger
  /** Engines came or went: the gateway's targets follow. */
  readonly onEngines: () => Promise<void>
  readonly store?: Store | undefined
}

export async function createDemoCluster({ clock, logger, onEngines, store = createMemoryStore() }: DemoClusterParts): Promise<DemoCluster> {
  const engines = createDemoEngines({ clock, logger })
  const api = await createDemoKubernetes({ clock, answerPod: engines.answerPod })
  const manager = createClusterManager({ api, store, clusterName: demoClusterId, operator: 'console', clock })
  const operations = createOperations({ clock, logger })
  // As a gateway of a real cluster does: routes follow what takes requests, not what was asked for.
  const followed = followEndpoints({
    api,
    clock,
    onChange: onEngines,
    onError: (error) => {
      logger.error('endpoints of the demo cluster are no longer followed', { error })
    },
  })
  const isServing = (id: string) => followed.current().some((endpoint) => endpoint.id === id)
  const shown = new Map<string, ClusterChangeSet>()
  const known = new Map<
    string,
    { readonly deployment: DeploymentReference; readonly plan: DeploymentPlan; readonly cost: number | undefined }
  >()
  const gone = new Map<string, DeploymentReference>()
  const idOf = (deployment: DeploymentReference) => `${deployment.namespace}/${deployment.name}`

  return {
    operations,
    describe: async (signal) => {
      const [identity, nodes, { findings }] = await Promise.all([
        manager.identify(signal),
        describeNodes(api, signal),
        manager.discover(signal),
      ])
      return {
        id: demoClusterId,
        name: 'Demo cluster',
        isDemo: true,
        server: identity.server,
        version: identity.version,
        platform: identity.platform,
        nodes,
        findings,
      }
    },
    plan: async (plan, signal) => {
      const changes = await manager.plan({ plan, options: { namespace, modelStorage: { kind: 'ephemeral' } } }, signal)
      shown.delete(changes.id)
      shown.set(changes.id, changes)
      const [oldest] = shown.keys()
      if (shown.size > changesMax && oldest !== undefined) shown.delete(oldest)
      return changes
    },
    apply: (changesId) => {
      const changes = shown.get(changesId)
      if (changes === undefined) throw serverErrors.NOT_FOUND({ what: `plan ${changesId}` })
      const { deployment, desired, costUsdPerHour } = changes
      const id = idOf(deployment)
      engines.expect(deployment, desired.plan)
      known.set(id, { deployment, plan: desired.plan, cost: costUsdPerHour })
      gone.delete(id)
      return operations.start({
        kind: 'deploy',
        deployment,
        run: (signal) => manager.apply(changes, signal),
        finish: async () => {
          await followed.until((endpoints) => endpoints.some((endpoint) => endpoint.id === id), AbortSignal.timeout(followMs))
          // Its pods are ready at once, here; its engine has answered only now.
          await onEngines()
        },
      })
    },
    destroy: (deployment) => {
      const id = idOf(deployment)
      if (!known.has(id)) throw serverErrors.NOT_FOUND({ what: `deployment ${id}` })
      return operations.start({
        kind: 'destroy',
        deployment,
        run: (signal) => manager.destroy(deployment, signal),
        finish: async () => {
          known.delete(id)
          gone.set(id, deployment)
          await followed.until((endpoints) => endpoints.every((endpoint) => endpoint.id !== id), AbortSignal.timeout(followMs))
          await engines.stop(deployment)
        },
      })
    },
    deployments: (signal) =>
      Promise.all(
        [...known.values()].map(async ({ deployment, plan, cost }) => ({
          ...(await manager.observe(deployment, signal)),
          plan,
          costUsdPerHour: cost,
        })),
      ),
    logs: (deployment) => engines.logs(deployment),
    leftovers: async (signal) => (await Promise.all([...gone.values()].map((each) => manager.leftovers(each, signal)))).flat(),
    engines: () => engines.running().filter((engine) => isServing(idOf(engine))),
    [Symbol.asyncDispose]: async () => {
      await operations[Symbol.asyncDispose]()
      await followed[Symbol.asyncDispose]()
      await manager[Symbol.asyncDispose]()
      await engines[Symbol.asyncDispose]()
    },
  }
}
