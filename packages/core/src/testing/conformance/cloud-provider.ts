/** What every CloudProvider must do, as a suite that any test runner can run. */
import assert from 'node:assert/strict'
import { isSecret } from '../../config/secret.ts'
import type { ChangeProgress, CloudProvider, ClusterSpec } from '../../contracts/cloud-provider.ts'
import type { StepRunner } from '../../contracts/step-runner.ts'
import { createMemoryStepRunner } from '../memory-step-runner.ts'
import { frozen, registerCases, type ConformanceCase } from './suite.ts'
import type { SuiteRunner } from './suite-runner.ts'

/** A cloud over an account of its own. */
export interface CloudProviderUnderTest {
  readonly cloud: CloudProvider
  close(): Promise<void>
}

/** What the suite is run on. */
export interface CloudProviderConformanceOptions extends SuiteRunner {
  readonly name: string
  /** The provider over an empty account: a fake API or a recorded one, never one that costs money. */
  readonly create: () => Promise<CloudProviderUnderTest>
  /** A cluster that the provider can make. */
  readonly spec: ClusterSpec
  /** Where steps are journaled; in memory when absent. */
  readonly createRunner?: (() => StepRunner) | undefined
}

const progressMax = 10_000

/** Follows an operation to its end, or stops after so many reports: what a killed process leaves behind. */
async function follow(progress: AsyncIterable<ChangeProgress>, stopAfter = progressMax): Promise<readonly ChangeProgress[]> {
  const reports: ChangeProgress[] = []
  for await (const report of progress) {
    reports.push(report)
    if (reports.length >= stopAfter) break
  }
  assert.ok(reports.length < progressMax, 'the operation reports without end')
  return reports
}

function assertProgress(reports: readonly ChangeProgress[]): void {
  assert.ok(reports.length > 0, 'the operation reports nothing')
  let done = 0
  for (const report of reports) {
    assert.ok(report.done >= done && report.done <= report.total, `${String(report.done)} of ${String(report.total)} after ${String(done)}`)
    assert.equal(report.error !== undefined, report.state === 'failed', 'an error belongs to a failed step, and to no other')
    assert.notEqual(report.state, 'failed', report.error?.message)
    done = report.done
  }
  assert.equal(reports.at(-1)?.done, reports.at(-1)?.total, 'the operation ends before everything is done')
}

type Body = (context: {
  readonly cloud: CloudProvider
  readonly spec: ClusterSpec
  readonly runner: StepRunner
  readonly signal: AbortSignal
  /** Plans and applies a cluster. */
  readonly build: (spec: ClusterSpec) => Promise<readonly ChangeProgress[]>
}) => Promise<void>

const rules: readonly (readonly [string, Body])[] = [
  [
    'names its contract and itself',
    async ({ cloud }) => {
      assert.equal(cloud.contract, 'cloud-provider/1')
      assert.match(cloud.id, /^[a-z][a-z0-9-]*$/)
    },
  ],
  [
    'lists offerings with prices, and only those that are asked for',
    async ({ cloud, signal }) => {
      const all = await cloud.offerings({}, signal)
      const [first] = all
      assert.ok(first !== undefined, 'there is no offering')
      for (const offering of all) {
        assert.ok(Number.isFinite(offering.priceUsdPerHour) && offering.priceUsdPerHour >= 0, `the price of ${offering.instanceType}`)
        assert.match(offering.pricedAt, /^\d{4}-\d{2}-\d{2}/, 'a price has a date')
        assert.ok(Number.isInteger(offering.deviceCount) && offering.deviceCount >= 0)
      }
      const some = await cloud.offerings({ region: first.region, hardwareId: first.hardwareId }, signal)
      assert.ok(some.length > 0)
      assert.ok(some.every(({ region, hardwareId }) => region === first.region && hardwareId === first.hardwareId))
      assert.deepEqual(await cloud.offerings({ region: 'no-such-region' }, signal), [])
    },
  ],
  [
    'plans without changing anything',
    async ({ cloud, spec, signal }) => {
      const plan = await cloud.plan(spec, signal)
      assert.equal(plan.clusterName, spec.name)
      assert.ok(plan.changes.some(({ action }) => action === 'create'))
      assert.ok(Number.isFinite(plan.costUsdPerHourDelta) && plan.costUsdPerHourDelta >= 0)
      assert.equal(await cloud.observe(spec.name, signal), undefined)
      assert.deepEqual(await cloud.leftovers(spec.name, signal), [])
      assert.deepEqual(await cloud.plan(spec, signal), plan)
    },
  ],
  [
    'applies a plan step by step until the cluster is ready, and then has nothing to change',
    async ({ cloud, spec, signal, build }) => {
      assertProgress(await build(spec))
      const state = await cloud.observe(spec.name, signal)
      assert.equal(state?.status, 'ready')
      assert.equal(
        state.nodeCount,
        spec.pools.reduce((sum, { nodeCount }) => sum + nodeCount, 0),
      )
      const again = await cloud.plan(spec, signal)
      assert.deepEqual([again.changes, again.costUsdPerHourDelta], [[], 0])
      assert.ok(isSecret(await cloud.kubeconfig(spec.name, signal)))
    },
  ],
  [
    'applies the same plan again without making anything twice, with a new journal too',
    async ({ cloud, spec, signal }) => {
      const plan = await cloud.plan(spec, signal)
      await follow(cloud.apply(plan, createMemoryStepRunner(), signal))
      const before = await cloud.observe(spec.name, signal)
      const leftoversBefore = await cloud.leftovers(spec.name, signal)
      await follow(cloud.apply(plan, createMemoryStepRunner(), signal))
      assert.deepEqual(await cloud.observe(spec.name, signal), before)
      assert.deepEqual(await cloud.leftovers(spec.name, signal), leftoversBefore)
    },
  ],
  [
    'destroys everything, twice without harm, and leaves nothing over',
    async ({ cloud, spec, runner, signal, build }) => {
      await build(spec)
      assert.ok((await cloud.leftovers(spec.name, signal)).length > 0, 'what a cluster consists of must be listed while it exists')
      assertProgress(await follow(cloud.destroy(spec.name, runner, signal)))
      assert.equal(await cloud.observe(spec.name, signal), undefined)
      assert.deepEqual(await cloud.leftovers(spec.name, signal), [])
      await follow(cloud.destroy(spec.name, createMemoryStepRunner(), signal))
      assert.deepEqual(await cloud.leftovers(spec.name, signal), [])
    },
  ],
  [
    'touches only the cluster that it is told to',
    async ({ cloud, spec, signal, build }) => {
      const other = { ...spec, name: `${spec.name}-other` }
      await build(spec)
      await build(other)
      const before = [await cloud.observe(other.name, signal), await cloud.leftovers(other.name, signal)]
      await follow(cloud.destroy(spec.name, createMemoryStepRunner(), signal))
      assert.deepEqual([await cloud.observe(other.name, signal), await cloud.leftovers(other.name, signal)], before)
    },
  ],
  [
    'stops on abort',
    async ({ cloud, spec, runner }) => {
      const plan = await cloud.plan(spec, new AbortController().signal)
      await assert.rejects(follow(cloud.apply(plan, runner, AbortSignal.abort())))
      await assert.rejects(cloud.plan(spec, AbortSignal.abort()))
    },
  ],
]

/** Registers the suite: `cloudProviderConformance({ describe, test, name, create, spec })`. */
export function cloudProviderConformance(options: CloudProviderConformanceOptions): void {
  const { createRunner = createMemoryStepRunner } = options
  const spec = frozen(options.spec)
  const signal = new AbortController().signal

  async function within(body: Body): Promise<void> {
    const { cloud, close } = await options.create()
    const runner = createRunner()
    const build = async (wanted: ClusterSpec) => follow(cloud.apply(await cloud.plan(wanted, signal), runner, signal))
    try {
      await body({ cloud, spec, runner, signal, build })
      await cloud[Symbol.asyncDispose]()
      await cloud[Symbol.asyncDispose]()
    } finally {
      await close()
    }
  }

  /** Stops the building after so many reports, then builds again as a restarted process would, with the same journal; false when it was over before. */
  async function interruptAfter(stopAfter: number): Promise<boolean> {
    let stopped = false
    await within(async ({ cloud, runner }) => {
      const plan = await cloud.plan(spec, signal)
      const reports = await follow(cloud.apply(plan, runner, signal), stopAfter)
      stopped = reports.length === stopAfter
      await follow(cloud.apply(plan, runner, signal))
      assert.equal((await cloud.observe(spec.name, signal))?.status, 'ready', `stopped after ${String(stopAfter)} reports`)
      assert.deepEqual((await cloud.plan(spec, signal)).changes, [], `stopped after ${String(stopAfter)} reports`)
      await follow(cloud.destroy(spec.name, createMemoryStepRunner(), signal))
      assert.deepEqual(await cloud.leftovers(spec.name, signal), [], `stopped after ${String(stopAfter)} reports`)
    })
    return stopped
  }

  async function interruptEverywhere(): Promise<void> {
    let points = 0
    while (await interruptAfter(points + 1)) points += 1
    assert.ok(points > 0, 'the operation has no point at which it could be stopped')
  }

  const cases: readonly ConformanceCase[] = [
    ...rules.map(([title, body]): ConformanceCase => [title, () => within(body)]),
    ['reaches the same end wherever it was stopped before', interruptEverywhere],
  ]
  registerCases(options, `${options.name} conforms to cloud-provider/1`, cases)
}
