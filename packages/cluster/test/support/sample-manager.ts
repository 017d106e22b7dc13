/** A manager over a cluster in memory, and how tests drive it. */
import { createMemoryStore, systemClock, type Clock, type Store } from '@bud-foundry/core'
import { createClusterManager, type ClusterChangeSet, type ClusterManager, type ClusterProgress } from '../../src/index.ts'
import { createFakeKubernetes, type FakeKubernetes, type FakeKubernetesOptions } from '../../src/testing.ts'

export interface SampleManager {
  readonly api: FakeKubernetes
  readonly manager: ClusterManager
  readonly store: Store
}

export function sampleManager(
  options: {
    readonly api?: FakeKubernetes
    readonly store?: Store
    readonly operator?: string
    readonly clock?: Clock
  } & FakeKubernetesOptions = {},
): SampleManager {
  const { api = createFakeKubernetes(options), store = createMemoryStore(), operator = 'operator-a', clock = systemClock } = options
  return { api, store, manager: createClusterManager({ api, store, clusterName: 'test', operator, clock }) }
}

export async function collect(progress: AsyncIterable<ClusterProgress>): Promise<readonly ClusterProgress[]> {
  const events: ClusterProgress[] = []
  for await (const event of progress) events.push(event)
  return events
}

export const applyAll = (manager: ClusterManager, changes: ClusterChangeSet) => collect(manager.apply(changes))

/** What exists, without the versions that every write counts up. */
export const snapshot = (api: FakeKubernetes): readonly string[] =>
  api
    .objects()
    .map(({ metadata: { resourceVersion: _, uid: _uid, ownerReferences: _owners, ...metadata }, ...rest }) =>
      JSON.stringify(sortKeys({ ...rest, metadata })),
    )
    .toSorted()

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, part]) => [key, sortKeys(part)]),
  )
}
