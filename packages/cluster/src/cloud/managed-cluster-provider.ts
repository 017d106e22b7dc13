/** A CloudProvider over any driver: journaled steps that may be repeated, waits with a bound, and a last look for leftovers. */
import { createHash } from 'node:crypto'
import {
  coreErrors,
  systemClock,
  type Change,
  type ChangeProgress,
  type ChangeSet,
  type Clock,
  type CloudProvider,
  type ClusterSpec,
  type ClusterState,
  type Offering,
  type Secret,
  type Step,
  type StepRunner,
} from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import { cloudPollMs, clusterTimeoutMs, poolTimeoutMs } from '../limits.ts'
import { streamOperation, type Outline, type Reporter, type StepId } from '../manage/operation.ts'
import type { CloudCluster, CloudDriver, PoolSpec } from './cloud-driver.ts'
import { clusterResource, planCluster, poolPrice, poolResource } from './plan-cluster.ts'

export interface ManagedClusterParts {
  readonly driver: CloudDriver
  /** Machines for rent with their prices; costs are unknown without. */
  readonly offerings?: readonly Offering[] | undefined
  readonly clock?: Clock | undefined
}

/** Usual durations, for the remaining time: a control plane takes ten minutes, machines five. */
const secondsOf = (step: StepId) => (step === 'create_cloud_provider_cluster' || step === 'delete_cloud_provider_cluster' ? 600 : 300)
const outlineFor = (parts: number): Outline => ({ parts, secondsOf, totalSeconds: 300 * (parts + 1) })

const tokenOf = (...parts: readonly string[]) => createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32)

interface Wait {
  readonly what: string
  readonly timeoutMs: number
  readonly onWait: (message: string) => void
  /** What is waited for; undefined when it is gone. */
  readonly read: () => Promise<CloudCluster | undefined>
}

interface Work {
  readonly clusterName: string
  readonly report: Reporter
  readonly step: Step
}

class ManagedClusterProvider implements CloudProvider {
  readonly contract = 'cloud-provider/1'
  readonly id: string
  readonly #driver: CloudDriver
  readonly #offerings: readonly Offering[]
  readonly #clock: Clock

  constructor({ driver, offerings = [], clock = systemClock }: ManagedClusterParts) {
    this.id = driver.id
    this.#driver = driver
    this.#offerings = offerings
    this.#clock = clock
  }

  offerings(filter: { readonly region?: string; readonly hardwareId?: string }): Promise<readonly Offering[]> {
    const { region, hardwareId } = filter
    const fits = (offering: Offering) =>
      (region === undefined || offering.region === region) && (hardwareId === undefined || offering.hardwareId === hardwareId)
    return Promise.resolve(this.#offerings.filter(fits))
  }

  plan(desired: ClusterSpec, signal: AbortSignal): Promise<ChangeSet> {
    return planCluster({ driver: this.#driver, offerings: this.#offerings, desired }, signal)
  }

  apply(changes: ChangeSet, runner: StepRunner, signal: AbortSignal): AsyncIterable<ChangeProgress> {
    const { clusterName } = changes
    const blockers = changes.findings.filter(({ severity }) => severity === 'blocker').map(({ message }) => message)
    if (blockers.length > 0) throw clusterErrors.CHANGES_BLOCKED({ deployment: clusterName, blockers })
    const digest = tokenOf(JSON.stringify(changes.changes))
    return streamOperation(outlineFor(changes.changes.length), signal, (report, ending) =>
      runner.run(
        `cloud/${this.id}/apply/${clusterName}/${digest}`,
        async (step) => {
          const work = { clusterName, report, step }
          const [first] = changes.changes
          // A cluster that is being made since before a crash takes no pools yet.
          if (first?.resource !== clusterResource(clusterName)) await this.#settle(work, ending)
          for (const change of changes.changes) await this.#applyChange(work, change, ending)
          await this.#settle(work, ending)
        },
        ending,
      ),
    )
  }

  async observe(clusterName: string, signal: AbortSignal): Promise<ClusterState | undefined> {
    const cluster = await this.#driver.readCluster(clusterName, signal)
    if (cluster === undefined) return undefined
    const pools = await this.#driver.listPools(clusterName, signal)
    const nodeCount = pools.reduce((sum, pool) => sum + pool.nodeCount, 0)
    const troubled = pools.some(({ status }) => status === 'failed')
    return { name: clusterName, status: troubled || cluster.status === 'failed' ? 'degraded' : cluster.status, nodeCount }
  }

  kubeconfig(clusterName: string, signal: AbortSignal): Promise<Secret> {
    return this.#driver.kubeconfig(clusterName, signal)
  }

  /** Not journaled on purpose: it asks the cloud what is left, so running it again after a crash continues by itself. */
  destroy(clusterName: string, _runner: StepRunner, signal: AbortSignal): AsyncIterable<ChangeProgress> {
    return streamOperation(outlineFor(2), signal, (report, ending) => this.#destroy(clusterName, report, ending))
  }

  async leftovers(clusterName: string, signal: AbortSignal) {
    const cluster = await this.#driver.readCluster(clusterName, signal)
    if (cluster?.owned !== true) return []
    const pools = await this.#driver.listPools(clusterName, signal)
    const left = pools.map((pool) => ({
      resource: poolResource(pool.name),
      priceUsdPerHour: poolPrice(this.#offerings, this.#driver.region, pool),
    }))
    return [{ resource: clusterResource(clusterName), priceUsdPerHour: undefined }, ...left]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#driver[Symbol.asyncDispose]()
  }

  async #applyChange(work: Work, { action, resource, before, after }: Change, signal: AbortSignal): Promise<void> {
    const { clusterName, report, step } = work
    const run = (id: StepId, act: (signal: AbortSignal, onWait: Wait['onWait']) => Promise<void>) =>
      report.track(id, resource, async () => {
        const onWait = (message: string) => {
          report.progress(id, resource, message)
        }
        let ran = false
        await step(`${action} ${resource}`, async (stepSignal) => {
          ran = true
          await act(AbortSignal.any([signal, stepSignal]), onWait)
          return action
        })
        // The journal of an earlier apply of the same changes says nothing about now. Looking again is cheap, and harmless.
        if (!ran) await act(signal, onWait)
      })
    if (resource === clusterResource(clusterName)) {
      // Safe: this is what planCluster put there.
      await run('create_cloud_provider_cluster', (ending, onWait) => this.#createCluster(after as ClusterSpec, onWait, ending))
      return
    }
    // Safe: the same.
    const pool = (after ?? before) as PoolSpec
    if (action === 'delete') await run('delete_node_pool', (ending, onWait) => this.#deletePool(clusterName, pool, onWait, ending))
    else await run('create_node_pool', (ending, onWait) => this.#ensurePool(clusterName, pool, onWait, ending))
  }

  /** Until nothing is being made any more, also what no change is about. */
  async #settle({ clusterName, report }: Work, signal: AbortSignal): Promise<void> {
    const wait = (what: string, timeoutMs: number, read: Wait['read']) => {
      const onWait = (message: string) => {
        report.progress('create_cloud_provider_cluster', what, message)
      }
      return this.#untilReady({ what, timeoutMs, onWait, read }, signal)
    }
    await wait(clusterResource(clusterName), clusterTimeoutMs, () => this.#driver.readCluster(clusterName, signal))
    for (const { name } of await this.#driver.listPools(clusterName, signal)) {
      const read = async () => (await this.#driver.listPools(clusterName, signal)).find((pool) => pool.name === name)
      await wait(poolResource(name), poolTimeoutMs, read)
    }
  }

  async #createCluster(spec: ClusterSpec, onWait: Wait['onWait'], signal: AbortSignal): Promise<void> {
    const { name } = spec
    const read = () => this.#driver.readCluster(name, signal)
    const live = await read()
    if (live === undefined) await this.#driver.createCluster(spec, tokenOf(this.id, name, JSON.stringify(spec)), signal)
    // Between plan and now, or before a crash, somebody may have made it: theirs, or ours.
    else if (!live.owned) throw clusterErrors.CLOUD_NOT_OURS({ resource: clusterResource(name) })
    await this.#untilReady({ what: clusterResource(name), timeoutMs: clusterTimeoutMs, onWait, read }, signal)
  }

  async #ensurePool(clusterName: string, pool: PoolSpec, onWait: Wait['onWait'], signal: AbortSignal): Promise<void> {
    const read = async () => (await this.#driver.listPools(clusterName, signal)).find(({ name }) => name === pool.name)
    const live = await read()
    if (live === undefined) await this.#driver.createPool(clusterName, pool, tokenOf(this.id, clusterName, JSON.stringify(pool)), signal)
    else if (!live.owned) throw clusterErrors.CLOUD_NOT_OURS({ resource: poolResource(pool.name) })
    const wait = { what: poolResource(pool.name), timeoutMs: poolTimeoutMs, onWait, read }
    await this.#untilReady(wait, signal)
    if (live !== undefined && live.nodeCount !== pool.nodeCount) {
      await this.#driver.scalePool(clusterName, pool, signal)
      await this.#untilReady(wait, signal)
    }
  }

  async #deletePool(clusterName: string, pool: PoolSpec, onWait: Wait['onWait'], signal: AbortSignal): Promise<void> {
    const read = async () => (await this.#driver.listPools(clusterName, signal)).find(({ name }) => name === pool.name)
    const live = await read()
    if (live === undefined) return
    if (!live.owned) throw clusterErrors.CLOUD_NOT_OURS({ resource: poolResource(pool.name) })
    if (live.status !== 'deleting') await this.#driver.deletePool(clusterName, pool.name, signal)
    await this.#untilGone({ what: poolResource(pool.name), timeoutMs: poolTimeoutMs, onWait, read }, signal)
  }

  async #destroy(clusterName: string, report: Reporter, signal: AbortSignal): Promise<void> {
    const live = await this.#driver.readCluster(clusterName, signal)
    if (live?.owned === false) throw clusterErrors.CLOUD_NOT_OURS({ resource: clusterResource(clusterName) })
    await report.track('delete_node_pool', clusterName, async () => {
      if (live === undefined) return
      const pools = await this.#driver.listPools(clusterName, signal)
      // Pools that somebody else added stand in the way; deleting theirs is not ours to decide, and known before ours go.
      const foreign = pools.find(({ owned }) => !owned)
      if (foreign !== undefined) throw clusterErrors.CLOUD_NOT_OURS({ resource: poolResource(foreign.name) })
      for (const pool of pools.filter(({ goesWithCluster }) => goesWithCluster !== true)) {
        const onWait = (message: string) => {
          report.progress('delete_node_pool', poolResource(pool.name), message)
        }
        await this.#deletePool(clusterName, pool, onWait, signal)
      }
    })
    await report.track('delete_cloud_provider_cluster', clusterName, async () => {
      const read = () => this.#driver.readCluster(clusterName, signal)
      const cluster = await read()
      if (cluster === undefined) return
      if (cluster.status !== 'deleting') await this.#driver.deleteCluster(clusterName, signal)
      const onWait = (message: string) => {
        report.progress('delete_cloud_provider_cluster', clusterName, message)
      }
      await this.#untilGone({ what: clusterResource(clusterName), timeoutMs: clusterTimeoutMs, onWait, read }, signal)
    })
  }

  #untilReady(wait: Wait, signal: AbortSignal): Promise<void> {
    return this.#poll(wait, signal, (live) => {
      if (live === undefined) throw clusterErrors.CLOUD_FAILED({ what: wait.what, problem: 'it is gone; plan again' })
      if (live.status === 'failed') {
        throw clusterErrors.CLOUD_FAILED({ what: wait.what, problem: live.problem ?? 'the cloud gives no reason' })
      }
      return live.status === 'ready'
    })
  }

  #untilGone(wait: Wait, signal: AbortSignal): Promise<void> {
    return this.#poll(wait, signal, (live) => live === undefined)
  }

  async #poll({ what, timeoutMs, onWait, read }: Wait, signal: AbortSignal, isDone: (live: CloudCluster | undefined) => boolean) {
    const startMs = this.#clock.monotonicMs()
    for (;;) {
      if (signal.aborted) throw coreErrors.ABORTED({ what: `waiting for ${what}` }, { cause: signal.reason })
      // One more look after the time is over: it may have happened meanwhile.
      const isLate = this.#clock.monotonicMs() - startMs >= timeoutMs
      const live = await read()
      if (isDone(live)) return
      if (isLate) throw clusterErrors.CLOUD_TOO_SLOW({ what, waitedSeconds: timeoutMs / 1000 })
      onWait(`${what} is ${live?.status ?? 'absent'}`)
      await this.#clock.sleep(cloudPollMs, signal)
    }
  }
}

/** Managed Kubernetes of one cloud. The driver is closed with it. */
export function createManagedClusterProvider(parts: ManagedClusterParts): CloudProvider {
  return new ManagedClusterProvider(parts)
}
