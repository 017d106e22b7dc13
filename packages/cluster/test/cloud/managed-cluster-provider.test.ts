import { createJournalRunner, createMemoryStore, type ChangeProgress, type CloudProvider, type ClusterSpec } from '@bud-foundry/core'
import { createFakeClock, createMemoryStepRunner } from '@bud-foundry/core/testing'
import { describe, expect, test } from 'vitest'
import { createManagedClusterProvider } from '../../src/cloud/managed-cluster-provider.ts'
import { clusterErrors } from '../../src/index.ts'
import { createFakeCloud, type FakeCloud } from './fake-cloud.ts'

const never = new AbortController().signal
const spec = (overrides: Partial<ClusterSpec> = {}): ClusterSpec => ({
  name: 'lab',
  region: 'here',
  pools: [
    { name: 'system', instanceType: 'small', nodeCount: 1 },
    { name: 'gpu', instanceType: 'p5.48xlarge', nodeCount: 2 },
  ],
  ...overrides,
})
const offerings = [
  { instanceType: 'p5.48xlarge', region: 'here', hardwareId: 'h100-sxm', deviceCount: 8, priceUsdPerHour: 55, pricedAt: '2026-01-01' },
]

function lab(driver: FakeCloud = createFakeCloud()) {
  const clock = createFakeClock()
  const provider = createManagedClusterProvider({ driver, clock, offerings })
  return { driver, clock, provider }
}
async function collect(progress: AsyncIterable<ChangeProgress>): Promise<readonly ChangeProgress[]> {
  const events: ChangeProgress[] = []
  for await (const event of progress) events.push(event)
  return events
}
type Lab = ReturnType<typeof lab>
const apply = async ({ clock, provider }: Lab, wanted: ClusterSpec, runner = createMemoryStepRunner()) =>
  clock.run(collect(provider.apply(await provider.plan(wanted, never), runner, never)))
const destroy = ({ clock, provider }: Lab, runner = createMemoryStepRunner()) => clock.run(collect(provider.destroy('lab', runner, never)))
/** What exists, without how long it has been looked at. */
const snapshot = ({ clusters }: FakeCloud) =>
  JSON.stringify(
    [...clusters].map(([name, { status, pools }]) => [
      name,
      status,
      [...pools.values()].map(({ name: pool, nodeCount, status: is }) => [pool, nodeCount, is]),
    ]),
  )
const observed = async (provider: CloudProvider) => provider.observe('lab', never)

describe('a managed cluster', () => {
  test('is planned with its price, made, seen, and planned as nothing', async () => {
    const it = lab()
    const changes = await it.provider.plan(spec(), never)
    expect(changes.changes.map(({ action, resource }) => `${action} ${resource}`)).toEqual([
      'create cluster lab',
      'create pool system',
      'create pool gpu',
    ])
    expect(changes.costUsdPerHourDelta).toBe(110)
    expect(changes.findings.map(({ message }) => message)).toEqual([
      'the price of small in here is not known and is missing from the costs',
    ])
    const events = await apply(it, spec())
    expect(events.at(-1)).toMatchObject({ done: 3, total: 3, state: 'done' })
    expect(await observed(it.provider)).toEqual({ name: 'lab', status: 'ready', nodeCount: 3 })
    expect((await it.provider.plan(spec(), never)).changes).toEqual([])
  })

  test('grows, shrinks and loses pools, and says what that saves', async () => {
    const it = lab()
    await apply(it, spec())
    const smaller = spec({ pools: [{ name: 'gpu', instanceType: 'p5.48xlarge', nodeCount: 1 }] })
    const changes = await it.provider.plan(smaller, never)
    expect(changes.changes.map(({ action, resource }) => `${action} ${resource}`)).toEqual(['update pool gpu', 'delete pool system'])
    expect(changes.costUsdPerHourDelta).toBe(-55)
    await apply(it, smaller)
    expect(await observed(it.provider)).toMatchObject({ nodeCount: 1 })
  })

  test('leaves nothing, and says so before and after', async () => {
    const it = lab()
    await apply(it, spec())
    expect(await it.provider.leftovers('lab', never)).toContainEqual({ resource: 'pool gpu', priceUsdPerHour: 110 })
    await destroy(it)
    expect(await it.provider.leftovers('lab', never)).toEqual([])
    expect(it.driver.clusters.size).toBe(0)
  })

  test('of someone else is neither changed nor deleted', async () => {
    const it = lab()
    await apply(it, spec())
    Object.assign(it.driver.clusters.get('lab') ?? {}, { owned: false })
    const changes = await it.provider.plan(spec(), never)
    expect(changes.findings.find(({ severity }) => severity === 'blocker')?.message).toContain('exists and is not ours')
    expect(() => it.provider.apply(changes, createMemoryStepRunner(), never)).toThrow(expect.toSatisfy(clusterErrors.CHANGES_BLOCKED.is))
    await expect(destroy(it)).rejects.toSatisfy(clusterErrors.CLOUD_NOT_OURS.is)
    expect(await it.provider.leftovers('lab', never)).toEqual([])
    expect(it.driver.clusters.size).toBe(1)
  })

  test('loses no pool of ours when somebody else has added one', async () => {
    const it = lab()
    await apply(it, spec())
    const pools = it.driver.clusters.get('lab')?.pools
    const own = pools?.get('gpu')
    if (pools === undefined || own === undefined) throw new Error('the cluster must have its pools')
    pools.set('theirs', { ...own, name: 'theirs', owned: false })
    await expect(destroy(it)).rejects.toThrow(/pool theirs exists and does not carry our tags/)
    expect([...pools.keys()]).toEqual(['system', 'gpu', 'theirs'])
  })

  test('tells why machines do not come', async () => {
    const it = lab(createFakeCloud({ fails: (pool) => pool === 'gpu' }))
    await expect(apply(it, spec())).rejects.toThrow(/pool gpu: InsufficientInstanceCapacity/)
    expect(await observed(it.provider)).toMatchObject({ status: 'degraded' })
    await destroy(it)
    expect(it.driver.clusters.size).toBe(0)
  })

  test('is not waited for without end', async () => {
    const driver = createFakeCloud()
    const it = lab({
      ...driver,
      readCluster: async (...args) => ({ ...(await driver.readCluster(...args)), owned: true, status: 'creating', problem: undefined }),
    })
    driver.clusters.set('lab', { status: 'creating', owned: true, looks: 1e9, problem: undefined, pools: new Map() })
    const changes = {
      clusterName: 'lab',
      changes: [{ action: 'create', resource: 'cluster lab', before: undefined, after: spec() }],
      costUsdPerHourDelta: 0,
      findings: [],
    } as const
    const applied = collect(it.provider.apply(changes, createMemoryStepRunner(), never))
    await expect(it.clock.run(applied)).rejects.toSatisfy(clusterErrors.CLOUD_TOO_SLOW.is)
  })

  test('comes back after it was removed, whatever the journal remembers', async () => {
    const it = lab()
    const runner = createJournalRunner({ store: createMemoryStore(), owner: 'me' })
    await apply(it, spec(), runner)
    await destroy(it, runner)
    await apply(it, spec(), runner)
    expect(await observed(it.provider)).toMatchObject({ status: 'ready', nodeCount: 3 })
  })

  test('is refused for another region, for no pools and for halves of machines', async () => {
    const { provider } = lab()
    const blockers = async (overrides: Partial<ClusterSpec>) =>
      (await provider.plan(spec(overrides), never)).findings.filter(({ severity }) => severity === 'blocker').length
    expect(await blockers({ region: 'there' })).toBe(1)
    expect(await blockers({ pools: [] })).toBe(1)
    expect(await blockers({ pools: [{ name: 'a', instanceType: 'p5.48xlarge', nodeCount: 1.5 }] })).toBe(1)
  })
})

describe('a crash', () => {
  const crashing = async (work: (it: Lab, arm: () => void) => Promise<unknown>, check: (it: Lab) => Promise<void>) => {
    let points = 0
    for (let limit = 1; ; limit += 1) {
      let count = Number.NEGATIVE_INFINITY
      let dead = false
      const driver = createFakeCloud({
        onCall: () => {
          count += 1
          dead ||= count >= limit
          if (dead) throw new Error('killed')
        },
      })
      const died = await work(lab(driver), () => (count = 0)).then(
        () => false,
        () => true,
      )
      count = Number.NEGATIVE_INFINITY
      dead = false
      await check(lab(driver))
      if (!died) return points
      points += 1
    }
  }

  test('at any call while a cluster is made ends in the same cluster when it is run again', async () => {
    const whole = lab()
    await apply(whole, spec())
    const expected = snapshot(whole.driver)
    const runner = createMemoryStepRunner()
    const points = await crashing(
      (it, arm) => {
        arm()
        return apply(it, spec(), runner)
      },
      async (it) => {
        await apply(it, spec(), runner)
        expect(snapshot(it.driver)).toBe(expected)
      },
    )
    expect(points).toBeGreaterThan(10)
  })

  test('at any call while a cluster is removed leaves nothing when it is run again', async () => {
    const points = await crashing(
      async (it, arm) => {
        await apply(it, spec())
        arm()
        await destroy(it)
      },
      async (it) => {
        await destroy(it)
        expect(it.driver.clusters.size).toBe(0)
      },
    )
    expect(points).toBeGreaterThan(8)
  })
})
