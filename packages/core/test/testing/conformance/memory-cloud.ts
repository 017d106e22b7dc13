/** A cloud in memory, for the suite of cloud providers: machines are entries of a map, made one step each. */
import { createSecret, type Change, type ChangeProgress, type ClusterSpec, type CloudProvider, type StepRunner } from '@bud-foundry/core'

/** How a cloud may be broken on purpose. */
export interface Faults {
  /** Makes machines under names that a second run does not find again. */
  readonly randomNames?: boolean
  readonly leavesOver?: boolean
  readonly touchesOthers?: boolean
  readonly plansByDoing?: boolean
  readonly deaf?: boolean
}

const priceUsdPerHour = 2.5
const offering = { instanceType: 'large', region: 'north', hardwareId: 'device-1', deviceCount: 8, priceUsdPerHour, pricedAt: '2026-01-01' }

export function createMemoryCloud(faults: Faults = {}): CloudProvider {
  /** Resource name to the cluster that owns it. */
  const machines = new Map<string, string>()
  let made = 0

  const wanted = (spec: ClusterSpec) =>
    spec.pools.flatMap((pool) => Array.from({ length: pool.nodeCount }, (_, index) => `${spec.name}/${pool.name}/${String(index)}`))
  const owned = (clusterName: string) => [...machines].filter(([, owner]) => owner === clusterName).map(([name]) => name)
  const check = (signal: AbortSignal) => {
    if (faults.deaf !== true) signal.throwIfAborted()
  }
  const make = (resource: string, clusterName: string) => {
    made += 1
    machines.set(faults.randomNames === true ? `${resource}#${String(made)}` : resource, clusterName)
  }

  /** Each change is a step of its own, reported when it begins and when it is done. */
  async function* carryOut(
    operation: string,
    changes: readonly Change[],
    act: (change: Change) => void,
    runner: StepRunner,
    signal: AbortSignal,
  ): AsyncIterable<ChangeProgress> {
    const total = changes.length
    for (const [index, change] of changes.entries()) {
      const report = { step: change.action, resource: change.resource, total, etaSeconds: undefined, error: undefined }
      yield { ...report, state: 'started', done: index }
      check(signal)
      await runner.run(
        operation,
        async (step) =>
          step(change.resource, async () => {
            act(change)
          }),
        signal,
      )
      yield { ...report, state: 'done', done: index + 1 }
    }
    if (total === 0) yield { step: 'nothing', resource: '', state: 'done', done: 0, total: 0, etaSeconds: undefined, error: undefined }
  }

  return {
    contract: 'cloud-provider/1',
    id: 'memory-cloud',
    offerings: async ({ region, hardwareId }) =>
      [offering, { ...offering, region: 'south' }].filter(
        (one) => (region ?? one.region) === one.region && (hardwareId ?? one.hardwareId) === one.hardwareId,
      ),
    plan: async (spec, signal) => {
      check(signal)
      const changes = wanted(spec)
        .filter((resource) => !machines.has(resource))
        .map((resource): Change => ({ action: 'create', resource, before: undefined, after: { cluster: spec.name } }))
      if (faults.plansByDoing === true) for (const { resource } of changes) make(resource, spec.name)
      return { clusterName: spec.name, changes, costUsdPerHourDelta: changes.length * priceUsdPerHour, findings: [] }
    },
    apply: ({ clusterName, changes }, runner, signal) =>
      carryOut(`apply ${clusterName}`, changes, ({ resource }) => make(resource, clusterName), runner, signal),
    observe: async (clusterName) => {
      const nodeCount = owned(clusterName).length
      return nodeCount === 0 ? undefined : { name: clusterName, status: 'ready', nodeCount }
    },
    kubeconfig: async (clusterName) => createSecret(`kubeconfig of ${clusterName}`),
    destroy: (clusterName, runner, signal) => {
      const names = faults.touchesOthers === true ? [...machines.keys()] : owned(clusterName)
      const doomed = faults.leavesOver === true ? names.slice(1) : names
      const changes = doomed.map((resource): Change => ({ action: 'delete', resource, before: {}, after: undefined }))
      return carryOut(`destroy ${clusterName}`, changes, ({ resource }) => machines.delete(resource), runner, signal)
    },
    leftovers: async (clusterName) => owned(clusterName).map((resource) => ({ resource, priceUsdPerHour })),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
