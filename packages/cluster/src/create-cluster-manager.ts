/** The whole package behind one object: plan, apply, observe, drift, adopt, roll back, destroy. */
import { createJournalRunner, systemClock, type Clock, type JournalRunner, type Store } from '@bud-foundry/core'
import type { ClusterJob } from './deploy/cluster-job.ts'
import { discoverDevices, type DiscoveredDevices } from './discover/discover-devices.ts'
import { clusterErrors } from './errors.ts'
import { checkHealth, type ClusterHealth } from './health/cluster-health.ts'
import { listWorkers, readWorkerLog, type LogLine, type Worker } from './health/workers.ts'
import type { KubernetesApi, ObjectReference } from './kubernetes/kubernetes-api.ts'
import { referenceOf } from './kubernetes/kubernetes-api.ts'
import { applyChanges, outlineOf, type OperationParts } from './manage/apply-changes.ts'
import type { ClusterChangeSet, ClusterProgress, DeploymentReference, DesiredDeployment } from './manage/change-set.ts'
import { clusterScope } from './manage/cluster-scope.ts'
import { readHistory } from './manage/deployment-history.ts'
import { destroyDeployment, destroyOutline } from './manage/destroy-deployment.ts'
import { identifyCluster, observeDeployment, type ClusterIdentity, type DeploymentState } from './manage/observe.ts'
import { streamOperation } from './manage/operation.ts'
import { listEverything } from './manage/owned-objects.ts'
import { testConnection, type ConnectionTest, type KnownCluster } from './manage/test-connection.ts'
import { jobOutline, runJob } from './manage/run-job.ts'
import { planChanges } from './manage/plan-changes.ts'

/** What a manager is made of. */
export interface ClusterManagerParts {
  /** Closed with the manager. */
  readonly api: KubernetesApi
  /** Journals and history; it must survive what operations have to survive. Not closed with the manager. */
  readonly store: Store
  /** Names the cluster in journals, change sets and events. */
  readonly clusterName: string
  /** Unique among living operators, the same after a restart: who holds the lease on a deployment. */
  readonly operator: string
  readonly clock?: Clock | undefined
  /** Ours over `store` when absent. */
  readonly runner?: JournalRunner | undefined
}

/** Signals are optional everywhere; without one an operation ends by itself. */
export interface ClusterManager extends AsyncDisposable {
  identify(signal?: AbortSignal): Promise<ClusterIdentity>
  /** Reached, supported, not known by another name, and with the rights that are needed, in one namespace or in all? Reads only. */
  testConnection(known?: readonly KnownCluster[], signal?: AbortSignal, namespace?: string): Promise<ConnectionTest>
  /** Nodes, API, storage, network and devices. */
  health(signal?: AbortSignal): Promise<ClusterHealth>
  /** Pods of one deployment, or of all of ours. */
  workers(deployment?: DeploymentReference, signal?: AbortSignal): Promise<readonly Worker[]>
  /** The end of what a worker wrote. */
  readLog(worker: Pick<Worker, 'name' | 'namespace'>, signal?: AbortSignal): Promise<readonly LogLine[]>
  /** Devices of the cluster, as `sim` takes them. */
  discover(signal?: AbortSignal): Promise<DiscoveredDevices>
  /** What would change. Reads and dry runs only. */
  plan(desired: DesiredDeployment, signal?: AbortSignal): Promise<ClusterChangeSet>
  /** The same, and objects that exist without being ours become ours; they go with the deployment from then on. */
  adopt(desired: DesiredDeployment, signal?: AbortSignal): Promise<ClusterChangeSet>
  /** What somebody changed of what we own; applying it repairs. */
  drift(desired: DesiredDeployment, signal?: AbortSignal): Promise<ClusterChangeSet>
  /** Back to the newest version that served and differs from what is there; undefined when there is none. */
  rollback(deployment: DeploymentReference, signal?: AbortSignal): Promise<ClusterChangeSet | undefined>
  /** Runs while it is read; leaving the loop stops it. @throws CLUSTER_CHANGES_BLOCKED before anything is changed. */
  apply(changes: ClusterChangeSet, signal?: AbortSignal): AsyncIterable<ClusterProgress>
  /** Runs a job to its end and removes it: a benchmark, a quantization, the build of an image. `onLog` gets what it wrote. */
  run(job: ClusterJob, onLog: (log: string) => void, signal?: AbortSignal): AsyncIterable<ClusterProgress>
  observe(deployment: DeploymentReference, signal?: AbortSignal): Promise<DeploymentState>
  /** Ends only when nothing is left. */
  destroy(deployment: DeploymentReference, signal?: AbortSignal): AsyncIterable<ClusterProgress>
  /** What exists under our ownership, with what controllers made of it: empty after `destroy`. */
  leftovers(deployment: DeploymentReference, signal?: AbortSignal): Promise<readonly ObjectReference[]>
}

const endless = () => new AbortController().signal

class KubernetesClusterManager implements ClusterManager {
  readonly #parts: OperationParts

  constructor(parts: OperationParts) {
    this.#parts = parts
  }

  identify(signal = endless()): Promise<ClusterIdentity> {
    return identifyCluster(this.#parts.api, signal)
  }

  discover(signal = endless()): Promise<DiscoveredDevices> {
    return discoverDevices(this.#parts.api, signal)
  }

  testConnection(known: readonly KnownCluster[] = [], signal = endless(), namespace?: string): Promise<ConnectionTest> {
    return testConnection(this.#parts.api, { known, namespace }, signal)
  }

  health(signal = endless()): Promise<ClusterHealth> {
    return checkHealth(this.#parts, signal)
  }

  workers(deployment?: DeploymentReference, signal = endless()): Promise<readonly Worker[]> {
    return listWorkers(this.#parts.api, deployment, signal)
  }

  readLog({ name, namespace }: Pick<Worker, 'name' | 'namespace'>, signal = endless()): Promise<readonly LogLine[]> {
    return readWorkerLog(this.#parts.api, { name, namespace }, {}, signal)
  }

  plan(desired: DesiredDeployment, signal = endless()): Promise<ClusterChangeSet> {
    return planChanges({ ...this.#parts, desired, takesOver: false, adopts: false }, signal)
  }

  adopt(desired: DesiredDeployment, signal = endless()): Promise<ClusterChangeSet> {
    return planChanges({ ...this.#parts, desired, takesOver: false, adopts: true }, signal)
  }

  drift(desired: DesiredDeployment, signal = endless()): Promise<ClusterChangeSet> {
    return planChanges({ ...this.#parts, desired, takesOver: true, adopts: false }, signal)
  }

  async rollback(deployment: DeploymentReference, signal = endless()): Promise<ClusterChangeSet | undefined> {
    for (const desired of await readHistory(this.#parts.store, await clusterScope(this.#parts, signal), deployment)) {
      const changes = await this.drift(desired, signal)
      if (changes.changes.length > 0) return changes
    }
    return undefined
  }

  apply(changes: ClusterChangeSet, signal = endless()): AsyncIterable<ClusterProgress> {
    const blockers = changes.findings.filter(({ severity }) => severity === 'blocker').map(({ message }) => message)
    if (blockers.length > 0) throw clusterErrors.CHANGES_BLOCKED({ deployment: changes.deployment.name, blockers })
    return streamOperation(outlineOf(changes), signal, (report, ending) => applyChanges(this.#parts, changes, report, ending))
  }

  run(job: ClusterJob, onLog: (log: string) => void, signal = endless()): AsyncIterable<ClusterProgress> {
    return streamOperation(jobOutline(job), signal, async (report, ending) => {
      onLog(await runJob(this.#parts, job, report, ending))
    })
  }

  observe(deployment: DeploymentReference, signal = endless()): Promise<DeploymentState> {
    return observeDeployment(this.#parts.api, deployment, signal)
  }

  destroy(deployment: DeploymentReference, signal = endless()): AsyncIterable<ClusterProgress> {
    return streamOperation(destroyOutline, signal, (report, ending) => destroyDeployment(this.#parts, deployment, report, ending))
  }

  async leftovers(deployment: DeploymentReference, signal = endless()): Promise<readonly ObjectReference[]> {
    return (await listEverything(this.#parts.api, deployment, signal)).map(referenceOf)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.api[Symbol.asyncDispose]()
  }
}

/** A manager of deployments in one cluster. */
export function createClusterManager(parts: ClusterManagerParts): ClusterManager {
  const { api, store, clusterName, operator } = parts
  const clock = parts.clock ?? systemClock
  const runner = parts.runner ?? createJournalRunner({ store, clock, owner: operator })
  return new KubernetesClusterManager({ api, store, clusterName, operator, clock, runner })
}
