/** The Kubernetes API in memory: server-side apply with field ownership, versions, watches, namespaces, and what controllers make of a Deployment. */
import { isDeepStrictEqual } from 'node:util'
import { coreErrors } from '@bud-foundry/core'
import { z } from 'zod'
import { clusterErrors } from '../errors.ts'
import { findKnownKind, resourcePath as pathOfKind, type Kind, type ResourceTarget } from '../kubernetes/kinds.ts'
import {
  describeObject,
  referenceOf,
  type ApplyOptions,
  type KubernetesApi,
  type KubernetesObject,
  type LogSelection,
  type ObjectList,
  type ObjectReference,
  type ObjectSelection,
  type PodCall,
  type RemoveOptions,
  type WatchEvent,
} from '../kubernetes/kubernetes-api.ts'
import {
  conflictsOf,
  leavesOf,
  mergeApplied,
  objectOf,
  ownershipAfterWrite,
  readablePath,
  toManagedFields,
  type Ownership,
} from './field-ownership.ts'
import { runControllers, sliceOf } from './fake-controllers.ts'

/** Of add-ons' kinds only what a name tells is known here: it is enough to keep them apart. */
const kindOf = (target: ResourceTarget): Kind =>
  findKnownKind(target) ?? { ...target, plural: `${target.kind.toLowerCase()}s`, namespaced: target.namespace !== undefined }
const resourcePath = (target: ResourceTarget) => pathOfKind(target, kindOf(target))

interface Stored {
  readonly object: KubernetesObject
  readonly ownership: Ownership
}
interface Logged {
  readonly version: number
  readonly event: WatchEvent
}

export interface FakeKubernetesOptions {
  /** API groups without which the cluster is: `leaderworkerset.x-k8s.io/v1`. */
  readonly absentGroups?: readonly string[]
  /** What pods answer; by default every path with one choice. */
  readonly answerPod?: (call: PodCall) => { readonly status: number; readonly text: string }
  /** What the user may do, by `spec` of a SelfSubjectAccessReview; everything by default. */
  readonly allows?: (spec: unknown) => boolean
  /** What containers wrote; by default nothing. */
  readonly readLog?: (selection: LogSelection) => string
  /** Whether pods become ready at once; otherwise they stay pending. */
  readonly podsBecomeReady?: () => boolean
  /** Called before every request; throwing fails it. */
  readonly onRequest?: (verb: string, resource: string) => void
}

/** The port, and what only a test may do. */
export interface FakeKubernetes extends KubernetesApi {
  /** Everything that exists, for comparing before and after. */
  readonly objects: () => readonly KubernetesObject[]
  /** Forgets events up to now, as etcd's compaction does: older watches get 410. */
  readonly compact: () => void
}

const serverFields = ['resourceVersion', 'uid', 'generation', 'creationTimestamp', 'deletionTimestamp', 'managedFields']
const defaultAnswer = () => ({ status: 200, text: JSON.stringify({ choices: [{ text: 'yes' }] }) })

function withoutServerFields(object: KubernetesObject): KubernetesObject {
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([name]) => !serverFields.includes(name)))
  // Safe: the name stays.
  return { ...object, metadata: metadata as unknown as KubernetesObject['metadata'] }
}

/** Fields that are set apart from what managers own: identity and status. */
const ownedLeaves = (object: KubernetesObject) => {
  const leaves = new Map(leavesOf(withoutServerFields(object)))
  for (const path of leaves.keys())
    if (/^(apiVersion|kind|metadata\u0000name|metadata\u0000namespace|status(\u0000.*)?)$/.test(path)) leaves.delete(path)
  return leaves
}

class InMemoryKubernetes implements FakeKubernetes {
  readonly contract = 'kubernetes-api/1'
  readonly server = 'https://fake.invalid'
  readonly #options: FakeKubernetesOptions
  readonly #stored = new Map<string, Stored>()
  #log: Logged[] = []
  #compactedAt = 0
  #version = 0
  #uid = 0
  readonly #waiting = new Set<() => void>()
  #closed = false

  constructor(options: FakeKubernetesOptions) {
    this.#options = options
    for (const name of ['default', 'kube-system']) this.#write({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, new Map())
  }

  readonly objects = () => [...this.#stored.values()].map(({ object }) => object)

  readonly compact = () => {
    this.#log = []
    this.#compactedAt = this.#version
  }

  version(signal: AbortSignal): Promise<string> {
    return this.#answer('get', 'version', signal, () => 'v1.36.0-fake')
  }

  servedKinds(apiVersion: string, signal: AbortSignal): Promise<readonly string[]> {
    return this.#answer('get', apiVersion, signal, () => (this.#isAbsent(apiVersion) ? [] : this.#kindsOf(apiVersion)))
  }

  read(reference: ObjectReference, signal: AbortSignal): Promise<KubernetesObject | undefined> {
    return this.#answer('get', describeObject(reference), signal, () => {
      const stored = this.#stored.get(resourcePath(reference))
      return stored === undefined ? undefined : withManagers(stored.object, stored.ownership)
    })
  }

  list(
    selection: ObjectSelection,
    signal: AbortSignal,
    keep: (object: KubernetesObject) => KubernetesObject = (object) => object,
  ): Promise<ObjectList> {
    return this.#answer('list', selection.kind, signal, () => {
      this.#assertServed(selection.apiVersion, selection.kind)
      return {
        items: this.objects()
          .filter((object) => matches(object, selection))
          .map(keep),
        resourceVersion: String(this.#version),
      }
    })
  }

  apply(object: KubernetesObject, options: ApplyOptions, signal: AbortSignal): Promise<KubernetesObject> {
    const resource = describeObject(referenceOf(object))
    return this.#answer(options.dryRun === true ? 'dry-run' : 'apply', resource, signal, () => {
      this.#assertPlace(object)
      const stored = this.#stored.get(resourcePath(referenceOf(object)))
      const live = stored === undefined ? new Map<string, never>() : ownedLeaves(stored.object)
      const ownership = stored?.ownership ?? new Map<string, ReadonlySet<string>>()
      const merge = { live, ownership, manager: options.fieldManager, applied: ownedLeaves(object) }
      const conflicts = conflictsOf(merge)
      if (conflicts.length > 0 && options.force !== true) {
        const problem = conflicts.map(({ manager, path }) => `conflict with "${manager}": ${readablePath(path)}`).join('; ')
        throw clusterErrors.KUBERNETES_CONFLICT({ what: `applying ${resource}`, problem })
      }
      const merged = mergeApplied(merge)
      // Safe: the leaves come from objects of this kind.
      const body = objectOf(merged.leaves) as Partial<KubernetesObject>
      const next: KubernetesObject = {
        ...body,
        apiVersion: object.apiVersion,
        kind: object.kind,
        metadata: { ...stored?.object.metadata, labels: undefined, annotations: undefined, ...body.metadata, ...identity(object) },
        ...(stored?.object.status === undefined ? {} : { status: stored.object.status }),
      }
      return withManagers(options.dryRun === true ? clean(next) : this.#write(next, merged.ownership), merged.ownership)
    })
  }

  create(object: KubernetesObject, signal: AbortSignal): Promise<KubernetesObject> {
    const resource = describeObject(referenceOf(object))
    return this.#answer('create', resource, signal, () => {
      // A question in the shape of an object: answered, and not kept.
      if (object.kind === 'SelfSubjectAccessReview') return { ...object, status: { allowed: this.#options.allows?.(object.spec) ?? true } }
      this.#assertPlace(object)
      if (this.#stored.has(resourcePath(referenceOf(object)))) {
        throw clusterErrors.KUBERNETES_CONFLICT({ what: `creating ${resource}`, problem: 'it already exists' })
      }
      return this.#write(object, new Map([['create', new Set(ownedLeaves(object).keys())]]))
    })
  }

  replace(object: KubernetesObject, signal: AbortSignal): Promise<KubernetesObject> {
    const resource = describeObject(referenceOf(object))
    return this.#answer('replace', resource, signal, () => {
      const stored = this.#stored.get(resourcePath(referenceOf(object)))
      if (stored === undefined) throw clusterErrors.KUBERNETES_REJECTED({ what: `replacing ${resource}`, problem: 'it does not exist' })
      if (object.metadata.resourceVersion !== stored.object.metadata.resourceVersion) {
        throw clusterErrors.KUBERNETES_CONFLICT({ what: `replacing ${resource}`, problem: 'the object has been modified' })
      }
      const ownership = ownershipAfterWrite(ownedLeaves(stored.object), ownedLeaves(object), stored.ownership, 'replace')
      return this.#write({ ...object, metadata: { ...stored.object.metadata, ...object.metadata } }, ownership)
    })
  }

  remove(reference: ObjectReference, { uid }: RemoveOptions, signal: AbortSignal): Promise<void> {
    return this.#answer('delete', describeObject(reference), signal, () => {
      const stored = this.#stored.get(resourcePath(reference))
      if (stored === undefined) return
      if (uid !== undefined && stored.object.metadata.uid !== uid) {
        throw clusterErrors.KUBERNETES_CONFLICT({ what: `deleting ${describeObject(reference)}`, problem: 'the uid is another' })
      }
      const isNamespace = reference.kind === 'Namespace'
      for (const [path, { object }] of [...this.#stored]) {
        const owned = object.metadata.ownerReferences?.some((owner) => owner.uid === stored.object.metadata.uid) === true
        if (owned || (isNamespace && object.metadata.namespace === reference.name)) this.#erase(path)
      }
      this.#erase(resourcePath(reference))
      if (!isNamespace) this.#writeSlices(reference.namespace)
    })
  }

  async *watch(selection: ObjectSelection, resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchEvent> {
    await this.#answer('watch', selection.kind, signal, () => undefined)
    let seen = Number(resourceVersion)
    while (!this.#closed) {
      if (signal.aborted) throw coreErrors.ABORTED({ what: `watching ${selection.kind}` }, { cause: signal.reason })
      if (seen < this.#compactedAt) throw clusterErrors.KUBERNETES_EXPIRED({ what: `watching ${selection.kind}` })
      const next = this.#log.find(({ version, event }) => version > seen && matches(event.object, selection))
      if (next === undefined) {
        await this.#change(signal)
        continue
      }
      seen = next.version
      yield next.event
    }
  }

  callPod(call: PodCall, signal: AbortSignal): Promise<{ readonly status: number; readonly text: string }> {
    return this.#answer('call', `Pod ${call.namespace}/${call.name}`, signal, () => (this.#options.answerPod ?? defaultAnswer)(call))
  }

  readLog(selection: LogSelection, signal: AbortSignal): Promise<string> {
    return this.#answer('log', `Pod ${selection.namespace}/${selection.name}`, signal, () => this.#options.readLog?.(selection) ?? '')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#wake()
    await Promise.resolve()
  }

  async #answer<Value>(verb: string, resource: string, signal: AbortSignal, act: () => Value): Promise<Value> {
    if (signal.aborted) throw coreErrors.ABORTED({ what: `${verb} ${resource}` }, { cause: signal.reason })
    this.#options.onRequest?.(verb, resource)
    return structuredClone(act())
  }

  /** Those that are always there, and those that definitions of custom resources brought. */
  #kindsOf(apiVersion: string): readonly string[] {
    const defined = this.objects().flatMap((object) => {
      if (object.kind !== 'CustomResourceDefinition') return []
      const { group, names, versions } = definitionSchema.parse(object.spec)
      return versions.some(({ name }) => `${group}/${name}` === apiVersion) ? [names.kind] : []
    })
    return [...kindsOf(apiVersion), ...defined]
  }

  #isAbsent(apiVersion: string): boolean {
    return this.#options.absentGroups?.includes(apiVersion) === true || this.#kindsOf(apiVersion).length === 0
  }

  #assertServed(apiVersion: string, kind: string): void {
    if (!this.#isAbsent(apiVersion)) return
    throw clusterErrors.KUBERNETES_REJECTED({ what: kind, problem: 'the server could not find the requested resource' })
  }

  #assertPlace({ apiVersion, kind, metadata }: KubernetesObject): void {
    this.#assertServed(apiVersion, kind)
    if (!kindOf({ apiVersion, kind, namespace: metadata.namespace }).namespaced) return
    if (this.#stored.has(`/api/v1/namespaces/${metadata.namespace ?? ''}`)) return
    throw clusterErrors.KUBERNETES_REJECTED({ what: kind, problem: `namespaces "${metadata.namespace ?? ''}" not found` })
  }

  #write(object: KubernetesObject, ownership: Ownership): KubernetesObject {
    const path = resourcePath(referenceOf(object))
    const before = this.#stored.get(path)?.object
    const { managedFields: _, ...metadata } = clean(object).metadata as KubernetesObject['metadata'] & { readonly managedFields?: unknown }
    const wanted = { ...clean(object), metadata }
    if (before !== undefined && isDeepStrictEqual(withoutServerFields(before), withoutServerFields(wanted))) {
      this.#stored.set(path, { object: before, ownership })
      return before
    }
    this.#version += 1
    const specChanged = !isDeepStrictEqual(before?.spec, wanted.spec)
    const written: KubernetesObject = {
      ...wanted,
      metadata: {
        ...wanted.metadata,
        uid: before?.metadata.uid ?? `uid-${String((this.#uid += 1))}`,
        generation: (before?.metadata.generation ?? 0) + (specChanged ? 1 : 0),
        resourceVersion: String(this.#version),
      },
    }
    this.#stored.set(path, { object: written, ownership })
    this.#record(before === undefined ? 'added' : 'modified', written)
    this.#control(written)
    return this.#stored.get(path)?.object ?? written
  }

  #control(written: KubernetesObject): void {
    const ready = this.#options.podsBecomeReady?.() ?? true
    const { make, drop } = runControllers(written, this.objects(), ready)
    for (const object of drop) this.#erase(resourcePath(referenceOf(object)))
    for (const object of make) this.#write(object, this.#stored.get(resourcePath(referenceOf(object)))?.ownership ?? new Map())
    if (written.kind === 'Service' || written.kind === 'Pod' || drop.length > 0) this.#writeSlices(written.metadata.namespace)
  }

  #writeSlices(namespace: string | undefined): void {
    const services = this.objects().filter(({ kind, metadata }) => kind === 'Service' && metadata.namespace === namespace)
    for (const service of services) this.#write(sliceOf(service, this.objects()), new Map())
  }

  #erase(path: string): void {
    const stored = this.#stored.get(path)
    if (stored === undefined) return
    this.#stored.delete(path)
    this.#version += 1
    this.#record('deleted', { ...stored.object, metadata: { ...stored.object.metadata, resourceVersion: String(this.#version) } })
  }

  #record(type: WatchEvent['type'], object: KubernetesObject): void {
    this.#log.push({ version: this.#version, event: { type, object } })
    this.#wake()
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }
}

/** Who owns which fields, as the server tells it. */
const withManagers = (object: KubernetesObject, ownership: Ownership): KubernetesObject => ({
  ...object,
  // Safe: the rest of the metadata stays as it is.
  metadata: { ...object.metadata, managedFields: toManagedFields(ownership) } as KubernetesObject['metadata'],
})

const identity = ({ metadata }: KubernetesObject) => ({
  name: metadata.name,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
})

/** Without undefined members, as JSON carries it. */
// Safe: JSON turns an object into the same object.
const clean = (object: KubernetesObject): KubernetesObject => JSON.parse(JSON.stringify(object)) as KubernetesObject

const catalogue: Readonly<Record<string, readonly string[]>> = {
  v1: ['Namespace', 'Node', 'Pod', 'Service', 'PersistentVolumeClaim', 'ConfigMap', 'Secret', 'ServiceAccount', 'Event'],
  'apps/v1': ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'],
  'batch/v1': ['Job'],
  'policy/v1': ['PodDisruptionBudget'],
  'autoscaling/v2': ['HorizontalPodAutoscaler'],
  'rbac.authorization.k8s.io/v1': ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'],
  'storage.k8s.io/v1': ['StorageClass'],
  'apiextensions.k8s.io/v1': ['CustomResourceDefinition'],
  'keda.sh/v1alpha1': ['ScaledObject'],
  'scaler.bud.studio/v1alpha1': ['BudAIScaler'],
  'route.openshift.io/v1': ['Route'],
  'networking.k8s.io/v1': ['NetworkPolicy'],
  'discovery.k8s.io/v1': ['EndpointSlice'],
  'coordination.k8s.io/v1': ['Lease'],
  'resource.k8s.io/v1': ['ResourceSlice', 'ResourceClaim'],
  'leaderworkerset.x-k8s.io/v1': ['LeaderWorkerSet'],
  'monitoring.coreos.com/v1': ['ServiceMonitor'],
}
const definitionSchema = z.looseObject({
  group: z.string(),
  names: z.looseObject({ kind: z.string() }),
  versions: z.array(z.looseObject({ name: z.string() })),
})
const kindsOf = (apiVersion: string) => catalogue[apiVersion] ?? []

function matches({ apiVersion, kind, metadata }: KubernetesObject, selection: ObjectSelection): boolean {
  if (apiVersion !== selection.apiVersion || kind !== selection.kind) return false
  if (selection.namespace !== undefined && metadata.namespace !== selection.namespace) return false
  return Object.entries(selection.labels ?? {}).every(([key, value]) =>
    value === '' ? metadata.labels?.[key] !== undefined : metadata.labels?.[key] === value,
  )
}

/** A cluster in memory for tests of whatever is built on KubernetesApi. */
export function createFakeKubernetes(options: FakeKubernetesOptions = {}): FakeKubernetes {
  return new InMemoryKubernetes(options)
}
