/** Every way of dying: at each request of an operation, run again by a successor, compared with a run that nothing disturbed. */
import { createMemoryStore } from '@bud-foundry/core'
import {
  createAddOnManager,
  createClusterManager,
  type AddOnInput,
  type ClusterManager,
  type DesiredDeployment,
} from '@bud-foundry/cluster'
import { createFakeKubernetes, type FakeKubernetes } from '@bud-foundry/cluster/testing'
import { samplePlan } from './sample-plan.ts'

export interface CrashOutcome {
  readonly points: number
  readonly ok: number
  /** Objects that were left after everything was removed, over all points. */
  readonly leftovers: number
}

const reference = { name: 'chat', namespace: 'bud-inference' }
const desired: DesiredDeployment = {
  plan: samplePlan,
  options: {
    modelSource: { kind: 'huggingFace' },
    disaggregation: { prefillReplicas: 1, decodeReplicas: 2 },
    autoscaling: { target: 'keda', maxReplicas: 4, prometheusUrl: 'http://prometheus:9090' },
    serviceMonitor: true,
  },
}
const addOn: AddOnInput = {
  name: 'settings',
  namespace: 'settings-system',
  source: {
    kind: 'manifests',
    version: '1',
    yaml: ['a', 'b', 'c'].map((name) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { x: "1" }\n`).join('---\n'),
  },
}

const drain = async (progress: AsyncIterable<unknown>) => {
  const events = progress[Symbol.asyncIterator]()
  while ((await events.next()).done !== true);
}
/** Without what every write counts up. */
const snapshot = (api: FakeKubernetes) =>
  api
    .objects()
    .filter(({ kind }) => kind !== 'Lease')
    .map((object) =>
      JSON.stringify(object, (key, value: unknown) =>
        ['uid', 'resourceVersion', 'generation', 'observedGeneration', 'ownerReferences'].includes(key) ? undefined : value,
      ),
    )
    .toSorted()
    .join('\n')

interface Operation {
  readonly prepare: (lab: Lab) => Promise<unknown>
  readonly work: (lab: Lab) => Promise<unknown>
  readonly clean: (lab: Lab) => Promise<unknown>
}
interface Lab {
  readonly manager: ClusterManager
  readonly addOns: ReturnType<typeof createAddOnManager>
}

const apply = async ({ manager }: Lab) => drain(manager.apply(await manager.plan(desired)))
const destroy = ({ manager }: Lab) => drain(manager.destroy(reference))
const nothing = () => Promise.resolve()

const operations: readonly Operation[] = [
  { prepare: nothing, work: apply, clean: destroy },
  { prepare: apply, work: destroy, clean: destroy },
  { prepare: nothing, work: ({ addOns }) => addOns.install(addOn), clean: ({ addOns }) => addOns.uninstall('settings') },
  {
    prepare: ({ addOns }) => addOns.install(addOn),
    work: ({ addOns }) => addOns.uninstall('settings'),
    clean: ({ addOns }) => addOns.uninstall('settings'),
  },
]

async function attempt({ prepare, work, clean }: Operation, limit: number, expected: string | undefined) {
  const state = { count: Number.NEGATIVE_INFINITY, dead: false }
  const api = createFakeKubernetes({
    onRequest: () => {
      state.count += 1
      state.dead ||= state.count >= limit
      if (state.dead) throw new Error('killed')
    },
  })
  const store = createMemoryStore()
  const lab = (): Lab => ({
    manager: createClusterManager({ api, store, clusterName: 'bench', operator: 'me' }),
    addOns: createAddOnManager({ api, operator: 'me' }),
  })
  const empty = api.objects().length
  await prepare(lab())
  state.count = 0
  const died = await work(lab()).then(
    () => false,
    () => true,
  )
  Object.assign(state, { count: Number.NEGATIVE_INFINITY, dead: false })
  await work(lab())
  const reached = snapshot(api)
  await clean(lab())
  return { died, reached, ok: expected === undefined || reached === expected, leftovers: api.objects().length - empty }
}

export async function measureCrashes(): Promise<CrashOutcome> {
  let [points, ok, leftovers] = [0, 0, 0]
  for (const operation of operations) {
    const { reached } = await attempt(operation, Number.POSITIVE_INFINITY, undefined)
    for (let limit = 1; ; limit += 1) {
      const outcome = await attempt(operation, limit, reached)
      if (!outcome.died) break
      points += 1
      ok += outcome.ok ? 1 : 0
      leftovers += outcome.leftovers
    }
  }
  return { points, ok, leftovers }
}
