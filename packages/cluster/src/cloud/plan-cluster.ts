/** Desired cluster and live cloud in, changes out. Reads only. */
import type { Change, ChangeSet, ClusterSpec, Finding, Offering } from '@bud-foundry/core'
import type { CloudDriver, CloudPool, PoolSpec } from './cloud-driver.ts'

export const clusterResource = (name: string) => `cluster ${name}`
export const poolResource = (name: string) => `pool ${name}`

const specOf = ({ name, instanceType, nodeCount }: PoolSpec): PoolSpec => ({ name, instanceType, nodeCount })

function poolChanges(desired: ClusterSpec, live: readonly CloudPool[], findings: Finding[]): readonly Change[] {
  const wanted = desired.pools.flatMap((pool): readonly Change[] => {
    const resource = poolResource(pool.name)
    const existing = live.find(({ name }) => name === pool.name)
    if (existing === undefined) return [{ action: 'create', resource, before: undefined, after: pool }]
    if (!existing.owned) {
      findings.push({ severity: 'blocker', field: resource, message: `${resource} exists and is not ours; choose another name` })
      return []
    }
    if (existing.instanceType !== pool.instanceType) {
      findings.push({
        severity: 'blocker',
        field: resource,
        message: `${resource} has ${existing.instanceType}, and machines of a pool cannot be changed; add a pool of another name and remove this one`,
      })
      return []
    }
    return existing.nodeCount === pool.nodeCount ? [] : [{ action: 'update', resource, before: specOf(existing), after: pool }]
  })
  const unwanted = live.filter(({ name, owned }) => owned && !desired.pools.some((pool) => pool.name === name))
  for (const { name } of unwanted.filter(({ goesWithCluster }) => goesWithCluster === true)) {
    const resource = poolResource(name)
    const message = `${resource} is the one without which this cloud has no cluster: keep it in the plan, or destroy the cluster`
    findings.push({ severity: 'blocker', field: resource, message })
  }
  const gone = unwanted
    .filter(({ goesWithCluster }) => goesWithCluster !== true)
    .map((pool): Change => ({ action: 'delete', resource: poolResource(pool.name), before: specOf(pool), after: undefined }))
  return [...wanted, ...gone]
}

/** Dollars per hour of machines with a known price. */
export function poolPrice(offerings: readonly Offering[], region: string, { instanceType, nodeCount }: PoolSpec): number | undefined {
  const offering = offerings.find((candidate) => candidate.instanceType === instanceType && candidate.region === region)
  return offering === undefined ? undefined : offering.priceUsdPerHour * nodeCount
}

function checkSpec(desired: ClusterSpec, driver: CloudDriver, findings: Finding[]): void {
  const block = (field: string, message: string) => {
    findings.push({ severity: 'blocker', field, message })
  }
  if (desired.region !== driver.region) block('region', `this provider works in ${driver.region}, not in ${desired.region}`)
  if (desired.pools.length === 0) block('pools', 'a cluster needs at least one pool')
  const names = new Set(desired.pools.map(({ name }) => name))
  if (names.size < desired.pools.length) block('pools', 'two pools have the same name')
  for (const { name, nodeCount } of desired.pools) {
    if (!Number.isInteger(nodeCount) || nodeCount < 0)
      block(poolResource(name), `nodeCount must be a whole number, not ${String(nodeCount)}`)
  }
}

export interface CloudPlanning {
  readonly driver: CloudDriver
  readonly offerings: readonly Offering[]
  readonly desired: ClusterSpec
}

export async function planCluster({ driver, offerings, desired }: CloudPlanning, signal: AbortSignal): Promise<ChangeSet> {
  const findings: Finding[] = []
  checkSpec(desired, driver, findings)
  const cluster = await driver.readCluster(desired.name, signal)
  const resource = clusterResource(desired.name)
  if (cluster !== undefined && !cluster.owned) {
    findings.push({ severity: 'blocker', field: resource, message: `${resource} exists and is not ours; choose another name` })
  }
  if (cluster?.status === 'deleting') {
    findings.push({ severity: 'blocker', field: resource, message: `${resource} is being deleted; wait until it is gone` })
  }
  const pools = cluster === undefined ? [] : await driver.listPools(desired.name, signal)
  const creation: readonly Change[] = cluster === undefined ? [{ action: 'create', resource, before: undefined, after: desired }] : []
  const changes = cluster?.owned === false ? [] : [...creation, ...poolChanges(desired, pools, findings)]
  const priceOf = (pool: unknown): number => {
    if (pool === undefined) return 0
    // Safe: changes of pools carry pools.
    const price = poolPrice(offerings, driver.region, pool as PoolSpec)
    if (price !== undefined) return price
    const message = `the price of ${(pool as PoolSpec).instanceType} in ${driver.region} is not known and is missing from the costs`
    if (!findings.some((finding) => finding.message === message)) findings.push({ severity: 'warning', message })
    return 0
  }
  const costUsdPerHourDelta = changes
    .filter((change) => change.resource !== resource)
    .reduce((sum, { before, after }) => sum + priceOf(after) - priceOf(before), 0)
  return { clusterName: desired.name, changes, costUsdPerHourDelta, findings }
}
