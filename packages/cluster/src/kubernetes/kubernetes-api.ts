/** The part of the Kubernetes API that this package needs: one port for the real server and for the fake. */

/** A reference to one owner of an object. */
export interface OwnerReference {
  readonly kind: string
  readonly name: string
  readonly uid: string
}

/** Metadata of an object: what we write, and what the server adds. */
export interface ObjectMetadata {
  readonly name: string
  readonly namespace?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
  readonly generation?: number | undefined
  readonly creationTimestamp?: string | undefined
  readonly deletionTimestamp?: string | undefined
  readonly finalizers?: readonly string[] | undefined
  readonly ownerReferences?: readonly OwnerReference[] | undefined
}

/** An object as the server stores it, or as we want it. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMetadata
  readonly spec?: unknown
  readonly status?: unknown
}

/** The name of one object. */
export interface ObjectReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string | undefined
}

/** Which objects of a kind. */
export interface ObjectSelection {
  readonly apiVersion: string
  readonly kind: string
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
}

export interface ObjectList {
  readonly items: readonly KubernetesObject[]
  /** Where a watch continues. */
  readonly resourceVersion: string
}

export interface WatchEvent {
  readonly type: 'added' | 'modified' | 'deleted' | 'bookmark'
  readonly object: KubernetesObject
}

export interface ApplyOptions {
  readonly fieldManager: string
  /** Takes fields over from other managers; otherwise a conflict is an error. */
  readonly force?: boolean | undefined
  /** The server answers what would be, and changes nothing. */
  readonly dryRun?: boolean | undefined
}

export interface RemoveOptions {
  /** Removes the object only if it is still this one. */
  readonly uid?: string | undefined
}

/** Which part of which pod's log. */
export interface LogSelection {
  readonly namespace: string
  readonly name: string
  /** The only one when absent. */
  readonly container?: string | undefined
  readonly tailLines?: number | undefined
  readonly sinceSeconds?: number | undefined
  /** Begins every line with its time. */
  readonly timestamps?: boolean | undefined
  /** The run before the last restart. */
  readonly previous?: boolean | undefined
}

/** A request to one pod through the API server. */
export interface PodCall {
  readonly namespace: string
  readonly name: string
  readonly port: number
  readonly path: string
  readonly body: unknown
}

/** Every method rejects with an error of this package's catalogue (`CLUSTER_KUBERNETES_…`), or with CORE_ABORTED. */
export interface KubernetesApi extends AsyncDisposable {
  readonly contract: 'kubernetes-api/1'
  /** The server's address, for messages and for telling clusters apart. */
  readonly server: string
  version(signal: AbortSignal): Promise<string>
  /** Kinds of a group version, e.g. `apps/v1`; empty when the server does not have it. */
  servedKinds(apiVersion: string, signal: AbortSignal): Promise<readonly string[]>
  read(reference: ObjectReference, signal: AbortSignal): Promise<KubernetesObject | undefined>
  /** `keep` makes each object smaller as its page arrives: of a large list only what is needed stays in memory. */
  list(selection: ObjectSelection, signal: AbortSignal, keep?: (object: KubernetesObject) => KubernetesObject): Promise<ObjectList>
  /** Server-side apply. */
  apply(object: KubernetesObject, options: ApplyOptions, signal: AbortSignal): Promise<KubernetesObject>
  /** Rejects with CLUSTER_KUBERNETES_CONFLICT when the name is taken. */
  create(object: KubernetesObject, signal: AbortSignal): Promise<KubernetesObject>
  /** Needs `metadata.resourceVersion`; rejects with CLUSTER_KUBERNETES_CONFLICT when the object has changed since. */
  replace(object: KubernetesObject, signal: AbortSignal): Promise<KubernetesObject>
  /** Asks for deletion in the foreground: the object stays until its dependents are gone. Nothing to delete is no error. */
  remove(reference: ObjectReference, options: RemoveOptions, signal: AbortSignal): Promise<void>
  /** Events after a resource version; ends when the server closes, rejects with CLUSTER_KUBERNETES_EXPIRED when it is too old. */
  watch(selection: ObjectSelection, resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchEvent>
  /** POSTs JSON to a pod. */
  callPod(call: PodCall, signal: AbortSignal): Promise<{ readonly status: number; readonly text: string }>
  /** What a container wrote; empty before it has started. */
  readLog(selection: LogSelection, signal: AbortSignal): Promise<string>
}

/** For messages: `Deployment team-a/chat`. */
export const describeObject = ({ kind, name, namespace }: Omit<ObjectReference, 'apiVersion'>): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`

export const referenceOf = ({ apiVersion, kind, metadata }: KubernetesObject): ObjectReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
})
