/** A cloud in memory behind the driver's port: machines take a few looks to come and go. */
import { createSecret, type ClusterSpec } from '@bud-foundry/core'
import { clusterErrors } from '../../src/index.ts'
import type { CloudDriver, CloudPool, CloudStatus, PoolSpec } from '../../src/cloud/cloud-driver.ts'

interface Thing {
  status: CloudStatus
  owned: boolean
  looks: number
  problem: string | undefined
}
interface FakeCluster extends Thing {
  readonly pools: Map<string, Thing & PoolSpec>
}

export interface FakeCloud extends CloudDriver {
  readonly clusters: Map<string, FakeCluster>
  readonly calls: string[]
}

const thing = (owned = true): Thing => ({ status: 'creating', owned, looks: 2, problem: undefined })

/** Every look lets time pass; true when a deletion is complete. */
function look(it: Thing): boolean {
  if (it.status !== 'creating' && it.status !== 'deleting') return false
  it.looks -= 1
  if (it.looks > 0) return false
  if (it.status === 'deleting') return true
  it.status = 'ready'
  return false
}

export function createFakeCloud(
  options: { readonly onCall?: (call: string) => void; readonly fails?: (pool: string) => boolean } = {},
): FakeCloud {
  const clusters = new Map<string, FakeCluster>()
  const calls: string[] = []
  const call = <Value>(what: string, act: () => Value): Promise<Value> => {
    calls.push(what)
    try {
      options.onCall?.(what)
      return Promise.resolve(act())
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }
  const clusterOf = (name: string): FakeCluster => {
    const found = clusters.get(name)
    if (found === undefined) throw clusterErrors.CLOUD_ABSENT({ what: name })
    return found
  }
  const addPool = (cluster: FakeCluster, pool: PoolSpec) => {
    if (cluster.pools.has(pool.name)) throw clusterErrors.CLOUD_CONFLICT({ what: pool.name, problem: 'it exists' })
    const fails = options.fails?.(pool.name) === true
    cluster.pools.set(pool.name, { ...thing(), ...pool, ...(fails ? { status: 'failed', problem: 'InsufficientInstanceCapacity' } : {}) })
  }
  return {
    id: 'fake',
    region: 'here',
    clusters,
    calls,
    readCluster: (name) =>
      call('read cluster', () => {
        const cluster = clusters.get(name)
        if (cluster !== undefined && look(cluster)) clusters.delete(name)
        return clusters.get(name)
      }),
    createCluster: ({ name }: ClusterSpec) =>
      call('create cluster', () => {
        if (clusters.has(name)) throw clusterErrors.CLOUD_CONFLICT({ what: name, problem: 'it exists' })
        clusters.set(name, { ...thing(), pools: new Map() })
      }),
    deleteCluster: (name) =>
      call('delete cluster', () => {
        const cluster = clusters.get(name)
        if (cluster === undefined) return
        if (cluster.pools.size > 0) throw clusterErrors.CLOUD_CONFLICT({ what: name, problem: 'it has pools' })
        Object.assign(cluster, { status: 'deleting', looks: 2 })
      }),
    listPools: (name) =>
      call('list pools', () => {
        const pools = clusters.get(name)?.pools ?? new Map<string, Thing & PoolSpec>()
        for (const [poolName, pool] of pools) if (look(pool)) pools.delete(poolName)
        return [...pools.values()].map((pool): CloudPool => ({ ...pool }))
      }),
    createPool: (name, pool) =>
      call('create pool', () => {
        addPool(clusterOf(name), pool)
      }),
    scalePool: (name, pool) =>
      call('scale pool', () => {
        Object.assign(clusterOf(name).pools.get(pool.name) ?? {}, pool, { status: 'creating', looks: 2 })
      }),
    deletePool: (name, poolName) =>
      call('delete pool', () => {
        Object.assign(clusters.get(name)?.pools.get(poolName) ?? {}, { status: 'deleting', looks: 2 })
      }),
    kubeconfig: () => Promise.resolve(createSecret('kubeconfig')),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
