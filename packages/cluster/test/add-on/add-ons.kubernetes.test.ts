/** Add-ons through the real helm into a real cluster, what is deployed onto them, and back to the cluster as it was. */
import { describe, expect, test } from 'vitest'
import {
  clusterErrors,
  createAddOnManager,
  createHelmRenderer,
  planManifests,
  type AddOnInput,
  type RenderOptionsInput,
} from '../../src/index.ts'
import { adapterEngines, engineIds, enginePlan, multiNodeEngines, splitEngines } from '../deploy/engine-plans.ts'
import { helmProgram, packageCharts } from '../support/local-charts.ts'
import { adminApi, freshName } from '../support/real-cluster.ts'

const never = new AbortController().signal
const api = adminApi()
const addOns = createAddOnManager({ api, operator: 'test', renderer: createHelmRenderer({ program: helmProgram() }) })
const groups = ['lws', 'keda', 'bud-scaler', 'prometheus-operator', 'openshift', 'nfd', 'gateway-api', 'inference-extension'] as const

const clusterKinds = [
  ['v1', 'Namespace'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  ['apps/v1', 'Deployment'],
  ['v1', 'ServiceAccount'],
  ['v1', 'ConfigMap'],
] as const

/** What exists of the add-ons' making, by uid. */
async function inventory(): Promise<readonly string[]> {
  const lists = await Promise.all(clusterKinds.map(([apiVersion, kind]) => api.list({ apiVersion, kind }, never)))
  return lists
    .flatMap(({ items }) => items)
    .filter(
      ({ kind, metadata }) =>
        kind === 'CustomResourceDefinition' || kind === 'ClusterRole' || (metadata.namespace ?? metadata.name).startsWith('add-ons-'),
    )
    .filter(({ metadata }) => !metadata.name.startsWith('bud-cluster'))
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name} ${metadata.uid ?? ''}`)
    .toSorted()
}

const addOnOf = (folder: string, name: string, namespace: string, values: Record<string, unknown> = {}): AddOnInput => ({
  name,
  namespace,
  source: { kind: 'chart', repository: folder, name, version: '1.0.0' },
  values,
})

const schedules = [{ name: 'office', weekdays: [1, 5], from: '22:30', minutes: 120, replicas: 2 }]
const full: RenderOptionsInput = {
  modelSource: { kind: 'huggingFace' },
  serviceMonitor: true,
  openshift: { routeHost: 'chat.apps.lab.example' },
  priorityClassName: 'system-node-critical',
}
const modes: readonly [string, () => ReturnType<typeof planManifests>][] = [
  ...engineIds.map((id): [string, () => ReturnType<typeof planManifests>] => [
    `${id}, one node`,
    () => planManifests(enginePlan(id), full),
  ]),
  ...multiNodeEngines.map((id): [string, () => ReturnType<typeof planManifests>] => [
    `${id}, two nodes`,
    () => planManifests(enginePlan(id, { nodesPerReplica: 2 }), { ...full, sshKey: { secretName: 'ssh' } }),
  ]),
  ...splitEngines.map((id): [string, () => ReturnType<typeof planManifests>] => [
    `${id}, split`,
    () => planManifests(enginePlan(id), { ...full, disaggregation: { prefillReplicas: 2, decodeReplicas: 2, routerImage: 'r:1' } }),
  ]),
  ...adapterEngines.map((id): [string, () => ReturnType<typeof planManifests>] => [
    `${id}, adapters`,
    () => planManifests(enginePlan(id), { ...full, loraAdapters: [{ name: 'a', repository: 'b/c' }] }),
  ]),
  ['hpa', () => planManifests(enginePlan('vllm'), { autoscaling: { target: 'hpa', maxReplicas: 4 } })],
  [
    'keda',
    () => planManifests(enginePlan('vllm'), { autoscaling: { target: 'keda', maxReplicas: 4, prometheusUrl: 'http://p:9090', schedules } }),
  ],
  [
    'bud',
    () =>
      planManifests(enginePlan('vllm'), { autoscaling: { target: 'bud', maxReplicas: 4, schedules, prediction: {}, usdPerHourMax: 10.5 } }),
  ],
]

describe('add-ons on a real cluster', () => {
  test('bring the real definitions, take every engine in every mode, and go without a trace', async () => {
    await using charts = await packageCharts(groups)
    const namespace = freshName('add-ons')
    const before = await inventory()
    for (const name of groups) {
      const status = await addOns.install(addOnOf(charts.folder, name, namespace))
      expect(status).toMatchObject({ missing: [], complete: true })
    }
    const plans = await addOns.plan(groups.map((name) => addOnOf(charts.folder, name, namespace)))
    expect(plans.flatMap(({ changes }) => changes)).toEqual([])

    const refusals: string[] = []
    for (const [mode, render] of modes) {
      for (const manifest of render().manifests) {
        if (manifest.kind === 'Namespace') continue
        const object = { ...manifest, metadata: { ...manifest.metadata, namespace } }
        await api.apply(object, { fieldManager: 'test', dryRun: true }, never).catch((error: unknown) => {
          refusals.push(`${mode}: ${String(error)}`)
        })
      }
    }
    expect(refusals).toEqual([])

    for (const name of groups.toReversed()) await addOns.uninstall(name)
    expect(await inventory()).toEqual(before)
  }, 240_000)

  test('are updated with their values, and kept while others use their kinds', async () => {
    // A definition of its own name, so that this does not meet the test above.
    const namespace = freshName('add-ons')
    const widgets = (size: string): AddOnInput => ({
      name: 'gadget',
      namespace,
      source: {
        kind: 'manifests',
        version: '1',
        yaml: `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gadgets.example.test }
spec:
  group: example.test
  scope: Namespaced
  names: { kind: Gadget, plural: gadgets, singular: gadget, listKind: GadgetList }
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { size: { type: integer } } } } } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { size: "${size}" }
---
apiVersion: example.test/v1
kind: Gadget
metadata: { name: default }
spec: { size: ${size} }
`,
      },
    })
    const before = await inventory()
    await addOns.install(widgets('1'))
    const [plan] = await addOns.plan([widgets('2')])
    expect(plan?.changes.map(({ resource, fields }) => [resource, fields.map(({ path }) => path)])).toEqual([
      [`ConfigMap ${namespace}/settings`, ['data.size']],
      [`Gadget ${namespace}/default`, ['spec.size']],
    ])
    await addOns.install(widgets('2'))
    const mine = { apiVersion: 'example.test/v1', kind: 'Gadget', metadata: { name: 'mine', namespace }, spec: { size: 9 } }
    await api.apply(mine, { fieldManager: 'them' }, never)
    await expect(addOns.uninstall('gadget')).rejects.toSatisfy(clusterErrors.ADD_ON_IN_USE.is)
    const reference = { apiVersion: 'example.test/v1', kind: 'Gadget', name: 'mine', namespace }
    await api.remove(reference, {}, never)
    await expect.poll(() => api.read(reference, never), { timeout: 30_000 }).toBeUndefined()
    await addOns.uninstall('gadget')
    expect((await inventory()).filter((line) => !groups.some((group) => line.includes(group)) && /gadget|example/.test(line))).toEqual([])
    expect(before.filter((line) => line.includes('gadget'))).toEqual([])
  }, 120_000)
})
