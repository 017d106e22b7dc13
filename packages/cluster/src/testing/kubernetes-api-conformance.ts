/** The rules of KubernetesApi, for the real server and for every stand-in. */
import assert from 'node:assert/strict'
import { coreErrors, isBudError } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import type { KubernetesApi, KubernetesObject, ObjectReference } from '../kubernetes/kubernetes-api.ts'

/** The part of a test runner that the suite needs; vitest, jest and node:test all fit. */
export interface SuiteRunner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly test: (name: string, body: () => Promise<void>) => unknown
}

const never = new AbortController().signal
const alice = { fieldManager: 'alice' }
const bob = { fieldManager: 'bob' }

interface Place {
  readonly api: KubernetesApi
  readonly namespace: string
}

type ConfigMap = KubernetesObject & { readonly data: Readonly<Record<string, string>> }

const configMap = (namespace: string, data: Record<string, string>, labels: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace, ...(Object.keys(labels).length === 0 ? {} : { labels }) },
  data,
})
const reference = (namespace: string): ObjectReference => ({ apiVersion: 'v1', kind: 'ConfigMap', name: 'settings', namespace })
const dataOf = (object: KubernetesObject | undefined) => (object !== undefined && 'data' in object ? object.data : undefined)

const engine = (namespace: string, env: readonly { name: string; value: string }[]): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'engine', namespace },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'engine' } },
    template: { metadata: { labels: { app: 'engine' } }, spec: { containers: [{ name: 'main', image: 'example.invalid/engine:1', env }] } },
  },
})

async function rejects(promise: Promise<unknown>, is: (error: unknown) => boolean, what: string): Promise<void> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(isBudError(outcome) && is(outcome), `${what}, but came to ${String(outcome)}`)
}

const cases: readonly (readonly [string, (place: Place) => Promise<void>])[] = [
  [
    'tells its version and its kinds',
    async ({ api }) => {
      assert.match(await api.version(never), /^v1\.\d+/)
      assert.ok((await api.servedKinds('apps/v1', never)).includes('Deployment'))
      assert.deepEqual(await api.servedKinds('nobody.invalid/v1', never), [])
    },
  ],
  [
    'reads nothing where nothing is, and removes it without complaint',
    async ({ api, namespace }) => {
      assert.equal(await api.read(reference(namespace), never), undefined)
      await api.remove(reference(namespace), {}, never)
    },
  ],
  [
    'creates by apply, and answers what is stored',
    async ({ api, namespace }) => {
      const made = await api.apply(configMap(namespace, { a: '1' }, { team: 'x' }), alice, never)
      assert.ok(made.metadata.uid !== undefined && made.metadata.resourceVersion !== undefined)
      assert.deepEqual(dataOf(await api.read(reference(namespace), never)), { a: '1' })
      const again = await api.apply(configMap(namespace, { a: '1' }, { team: 'x' }), alice, never)
      assert.equal(again.metadata.resourceVersion, made.metadata.resourceVersion, 'applying the same changes nothing')
    },
  ],
  [
    'refuses to apply into a namespace that does not exist',
    ({ api }) =>
      rejects(api.apply(configMap('absent', { a: '1' }), alice, never), clusterErrors.KUBERNETES_REJECTED.is, 'it must be rejected'),
  ],
  [
    'removes what its manager no longer applies, and only that',
    async ({ api, namespace }) => {
      await api.apply(configMap(namespace, { a: '1', b: '2' }), alice, never)
      await api.apply(configMap(namespace, { c: '3' }), bob, never)
      await api.apply(configMap(namespace, { a: '1' }), alice, never)
      assert.deepEqual(dataOf(await api.read(reference(namespace), never)), { a: '1', c: '3' })
    },
  ],
  [
    'keeps what another manager also applies',
    async ({ api, namespace }) => {
      await api.apply(configMap(namespace, { a: '1', b: '2' }), alice, never)
      await api.apply(configMap(namespace, { b: '2' }), bob, never)
      await api.apply(configMap(namespace, { a: '1' }), alice, never)
      assert.deepEqual(dataOf(await api.read(reference(namespace), never)), { a: '1', b: '2' })
    },
  ],
  [
    'refuses to change the field of another manager, names both, and takes it by force',
    async ({ api, namespace }) => {
      await api.apply(configMap(namespace, { a: '1' }), alice, never)
      const refused = api.apply(configMap(namespace, { a: '2' }), bob, never)
      await rejects(refused, (error) => clusterErrors.KUBERNETES_CONFLICT.is(error) && error.message.includes('alice'), 'it must conflict')
      await api.apply(configMap(namespace, { a: '2' }), { ...bob, force: true }, never)
      assert.deepEqual(dataOf(await api.read(reference(namespace), never)), { a: '2' })
      await rejects(api.apply(configMap(namespace, { a: '1' }), alice, never), clusterErrors.KUBERNETES_CONFLICT.is, 'alice has lost it')
    },
  ],
  [
    'counts a plain write as a claim',
    async ({ api, namespace }) => {
      const made: ConfigMap = { ...configMap(namespace, { a: '9' }) }
      const { metadata } = await api.apply(configMap(namespace, { a: '1' }), alice, never)
      await api.replace({ ...made, metadata }, never)
      await rejects(api.apply(configMap(namespace, { a: '1' }), alice, never), clusterErrors.KUBERNETES_CONFLICT.is, 'the writer owns it')
    },
  ],
  [
    'merges named list items by their name',
    async ({ api, namespace }) => {
      const one = { name: 'ONE', value: '1' }
      const two = { name: 'TWO', value: '2' }
      await api.apply(engine(namespace, [one]), alice, never)
      const merged = await api.apply(engine(namespace, [two]), bob, never)
      assert.match(JSON.stringify(merged.spec), /ONE.*TWO/)
      const less = await api.apply(engine(namespace, []), alice, never)
      assert.match(JSON.stringify(less.spec), /TWO/)
      assert.doesNotMatch(JSON.stringify(less.spec), /ONE/)
    },
  ],
  [
    'answers a dry run as if it were done, and does nothing',
    async ({ api, namespace }) => {
      const would = await api.apply(configMap(namespace, { a: '1' }), { ...alice, dryRun: true }, never)
      assert.deepEqual(dataOf(would), { a: '1' })
      assert.equal(await api.read(reference(namespace), never), undefined)
    },
  ],
  [
    'creates a name once, and replaces only what has not changed',
    async ({ api, namespace }) => {
      const first = await api.create(configMap(namespace, { a: '1' }), never)
      await rejects(api.create(configMap(namespace, { a: '1' }), never), clusterErrors.KUBERNETES_CONFLICT.is, 'the name is taken')
      await api.replace({ ...configMap(namespace, { a: '2' }), metadata: first.metadata }, never)
      const stale: ConfigMap = { ...configMap(namespace, { a: '3' }), metadata: first.metadata }
      await rejects(api.replace(stale, never), clusterErrors.KUBERNETES_CONFLICT.is, 'the version is old')
    },
  ],
  [
    'removes only the object that was meant',
    async ({ api, namespace }) => {
      await api.apply(configMap(namespace, { a: '1' }), alice, never)
      const other = api.remove(reference(namespace), { uid: 'another' }, never)
      await rejects(other, clusterErrors.KUBERNETES_CONFLICT.is, 'the uid is another')
      const live = await api.read(reference(namespace), never)
      const selection = { apiVersion: 'v1', kind: 'ConfigMap', namespace }
      const { resourceVersion } = await api.list(selection, never)
      await api.remove(reference(namespace), { uid: live?.metadata.uid }, never)
      // Removal in the foreground takes the time that the garbage collector takes.
      for await (const { type, object } of api.watch(selection, resourceVersion, never)) {
        if (type === 'deleted' && object.metadata.name === 'settings') break
      }
      assert.equal(await api.read(reference(namespace), never), undefined)
    },
  ],
  [
    'lists by namespace and labels',
    async ({ api, namespace }) => {
      await api.apply(configMap(namespace, { a: '1' }, { team: 'x' }), alice, never)
      const count = async (labels: Record<string, string>) =>
        (await api.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace, labels }, never)).items.length
      assert.deepEqual([await count({ team: 'x' }), await count({ team: 'y' })], [1, 0])
    },
  ],
  [
    'continues a watch behind the version of a list',
    async ({ api, namespace }) => {
      const selection = { apiVersion: 'v1', kind: 'ConfigMap', namespace, labels: { team: 'x' } }
      await api.apply(configMap(namespace, { a: '1' }, { team: 'x' }), alice, never)
      const { resourceVersion } = await api.list(selection, never)
      await api.apply(configMap(namespace, { a: '2' }, { team: 'x' }), alice, never)
      await api.remove(reference(namespace), {}, never)
      const types: string[] = []
      for await (const { type } of api.watch(selection, resourceVersion, never)) {
        if (type !== 'bookmark' && types.at(-1) !== type) types.push(type)
        if (type === 'deleted') break
      }
      assert.deepEqual(types, ['modified', 'deleted'])
    },
  ],
  [
    'stops when it is told to',
    async ({ api, namespace }) => {
      const aborted = AbortSignal.abort(new Error('enough'))
      await rejects(api.read(reference(namespace), aborted), coreErrors.ABORTED.is, 'it must be aborted')
    },
  ],
]

/** Registers the rules. `createPlace` gives every case an API and an empty namespace of its own. */
export function describeKubernetesApi({ describe, test }: SuiteRunner, name: string, createPlace: () => Promise<Place>): void {
  describe(`KubernetesApi: ${name}`, () => {
    for (const [title, body] of cases) test(title, async () => body(await createPlace()))
  })
}
