/** One cluster behind `/api/clusters/{id}`: plans and operations of the cluster package, whatever the cluster is made of. */
import type {
  ClusterChangeSet,
  ClusterManager,
  ClusterProgress,
  DeploymentReference,
  DeploymentState,
  KubernetesApi,
} from '@bud-foundry/cluster'
import { deploymentPlanSchema, isBudError, type Clock, type DeploymentPlan, type Logger, type Store } from '@bud-foundry/core'
import { z } from 'zod'
import { serverErrors } from '../errors.ts'
import { benchmarkViewSchema, toBenchmarkView, type BenchmarkView, type MeasuredBenchmark } from './benchmark-view.ts'
import { describeNodes, type NodeView } from './cluster-views.ts'
import { createOperations, type OperationState, type Operations } from './operations.ts'

const namespace = 'bud-inference'
/** Plans that were shown and not yet applied. */
const changesMax = 20
const benchmarksMax = 200

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
  /** Absent when it was deployed from elsewhere. */
  readonly plan?: DeploymentPlan | undefined
  readonly costUsdPerHour?: number | undefined
}

export interface WorkerLine {
  readonly timeUnixMs: number
  readonly replica: number
  readonly text: string
}

export interface ServedCluster extends AsyncDisposable {
  readonly id: string
  readonly isDemo: boolean
  readonly operations: Operations
  describe(signal: AbortSignal): Promise<ClusterSummary>
  /** The same, with the failure as a finding where it cannot be reached. */
  summarise(signal: AbortSignal): Promise<ClusterSummary>
  plan(plan: DeploymentPlan, signal: AbortSignal): Promise<ClusterChangeSet>
  /** @throws SERVER_NOT_FOUND when nobody was shown these changes */
  apply(changesId: string): OperationState
  /** @throws SERVER_NOT_FOUND */
  destroy(deployment: DeploymentReference): Promise<OperationState>
  /** Loads a deployment as its plan expects. @throws SERVER_NOT_FOUND when its plan is not known */
  benchmark(deployment: DeploymentReference): OperationState
  /** Newest first. */
  benchmarks(): readonly BenchmarkView[]
  deployments(signal: AbortSignal): Promise<readonly DeploymentView[]>
  logs(deployment: DeploymentReference, signal: AbortSignal): Promise<readonly WorkerLine[]>
  /** What exists of deployments that are gone. */
  leftovers(
    signal: AbortSignal,
  ): Promise<readonly { readonly kind: string; readonly name: string; readonly namespace?: string | undefined }[]>
}

/** What differs between a cluster in memory and a real one. */
export interface ClusterBackend {
  /** Before changes are applied. */
  readonly onApply?: (deployment: DeploymentReference, plan: DeploymentPlan) => void
  readonly onRemoved?: (deployment: DeploymentReference) => Promise<void>
  /** Engines came or went: the gateway's targets follow. */
  readonly onEngines: () => Promise<void>
  /** Deployments of ours that are in the cluster, also those that this server has not made. */
  readonly found: (signal: AbortSignal) => Promise<readonly DeploymentReference[]>
  readonly logs: (deployment: DeploymentReference, signal: AbortSignal) => Promise<readonly WorkerLine[]>
  readonly benchmark: (
    target: { readonly deployment: DeploymentReference; readonly plan: DeploymentPlan },
    onResult: (result: MeasuredBenchmark) => void,
    signal: AbortSignal,
  ) => AsyncIterable<ClusterProgress>
}

export interface ServedClusterParts {
  readonly id: string
  readonly name: string
  readonly isDemo: boolean
  readonly api: KubernetesApi
  /** Closed with the cluster. */
  readonly manager: ClusterManager
  readonly backend: ClusterBackend
  readonly clock: Clock
  readonly logger: Logger
  /** Keeps plans and results of benchmarks. */
  readonly store: Store
}

const knownSchema = z.object({
  deployment: z.object({ name: z.string(), namespace: z.string() }),
  plan: deploymentPlanSchema,
  cost: z.number().optional(),
})
type Known = z.output<typeof knownSchema>

const idOf = ({ namespace: space, name }: DeploymentReference) => `${space}/${name}`
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

/** A record of another version is left out: what it said is in the cluster still. */
async function readAll<Item>(store: Store, prefix: string, schema: z.ZodType<Item>): Promise<readonly Item[]> {
  const items: Item[] = []
  for await (const key of store.list(prefix)) {
    const bytes = await store.get(key)
    const parsed = bytes === undefined ? undefined : schema.safeParse(JSON.parse(new TextDecoder().decode(bytes)))
    if (parsed?.success === true) items.push(parsed.data)
  }
  return items
}

/** @throws what the store throws */
export async function createServedCluster(parts: ServedClusterParts): Promise<ServedCluster> {
  const { id: clusterId, name, isDemo, api, manager, backend, clock, logger, store } = parts
  const prefixes = { plans: `console/clusters/${clusterId}/plans/`, benchmarks: `console/clusters/${clusterId}/benchmarks/` }
  const operations = createOperations({ clock, logger })
  const shown = new Map<string, ClusterChangeSet>()
  const gone = new Map<string, DeploymentReference>()
  const known = new Map((await readAll<Known>(store, prefixes.plans, knownSchema)).map((each) => [idOf(each.deployment), each]))
  let results = (await readAll<BenchmarkView>(store, prefixes.benchmarks, benchmarkViewSchema)).toSorted(
    (left, right) => right.endedUnixMs - left.endedUnixMs,
  )

  const keep = async (result: BenchmarkView): Promise<void> => {
    const left = results.slice(benchmarksMax - 1)
    results = [result, ...results].slice(0, benchmarksMax)
    await store.set(`${prefixes.benchmarks}${result.id}`, encode(result))
    for (const each of left) await store.delete(`${prefixes.benchmarks}${each.id}`)
  }

  const describe = async (signal: AbortSignal): Promise<ClusterSummary> => {
    const [identity, nodes, { findings }] = await Promise.all([
      manager.identify(signal),
      describeNodes(api, signal),
      manager.discover(signal),
    ])
    const { server, version, platform } = identity
    return { id: clusterId, name, isDemo, server, version, platform, nodes, findings }
  }

  return {
    id: clusterId,
    isDemo,
    operations,
    describe,
    summarise: async (signal) => {
      try {
        return await describe(signal)
      } catch (error) {
        if (signal.aborted) throw error
        const message = isBudError(error) ? error.message : 'something went wrong on our side; the log says what'
        logger.warn('a cluster could not be described', { cluster: clusterId, error })
        return {
          id: clusterId,
          name,
          isDemo,
          server: api.server,
          version: '',
          platform: '',
          nodes: [],
          findings: [{ severity: 'blocker', message }],
        }
      }
    },
    plan: async (plan, signal) => {
      // A demo has no disks, and another cluster whatever its administrator has given it.
      const options = isDemo ? { namespace, modelStorage: { kind: 'ephemeral' as const } } : { namespace }
      const changes = await manager.plan({ plan, options }, signal)
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
      backend.onApply?.(deployment, desired.plan)
      const record = { deployment, plan: desired.plan, cost: costUsdPerHour }
      known.set(id, record)
      gone.delete(id)
      return operations.start({
        kind: 'deploy',
        deployment,
        run: async function* (signal) {
          await store.set(`${prefixes.plans}${id}`, encode(record))
          yield* manager.apply(changes, signal)
        },
        finish: backend.onEngines,
      })
    },
    destroy: async (deployment) => {
      const id = idOf(deployment)
      const isThere = known.has(id) || (await backend.found(new AbortController().signal)).some((each) => idOf(each) === id)
      if (!isThere) throw serverErrors.NOT_FOUND({ what: `deployment ${id}` })
      return operations.start({
        kind: 'destroy',
        deployment,
        run: (signal) => manager.destroy(deployment, signal),
        finish: async () => {
          known.delete(id)
          gone.set(id, deployment)
          await store.delete(`${prefixes.plans}${id}`)
          await backend.onRemoved?.(deployment)
          await backend.onEngines()
        },
      })
    },
    benchmark: (deployment) => {
      const found = known.get(idOf(deployment))
      if (found === undefined) throw serverErrors.NOT_FOUND({ what: `the plan of deployment ${idOf(deployment)}` })
      let measured: MeasuredBenchmark | undefined
      return operations.start({
        kind: 'benchmark',
        deployment,
        run: (signal) => backend.benchmark({ deployment, plan: found.plan }, (result) => (measured = result), signal),
        finish: async () => {
          if (measured === undefined) return
          await keep(toBenchmarkView({ deployment, plan: found.plan, measured, endedUnixMs: clock.nowMs(), isSimulated: isDemo }))
        },
      })
    },
    benchmarks: () => results,
    deployments: async (signal) => {
      const others = (await backend.found(signal)).filter((each) => !known.has(idOf(each)))
      const all = [...known.values(), ...others.map((deployment) => ({ deployment, plan: undefined, cost: undefined }))]
      return Promise.all(
        all.map(async ({ deployment, plan, cost }) => ({
          ...(await manager.observe(deployment, signal)),
          ...(plan === undefined ? {} : { plan }),
          ...(cost === undefined ? {} : { costUsdPerHour: cost }),
        })),
      )
    },
    logs: (deployment, signal) => backend.logs(deployment, signal),
    leftovers: async (signal) => (await Promise.all([...gone.values()].map((each) => manager.leftovers(each, signal)))).flat(),
    [Symbol.asyncDispose]: async () => {
      await operations[Symbol.asyncDispose]()
      await manager[Symbol.asyncDispose]()
    },
  }
}
