/** A list that keeps itself up to date: list once, then events, resuming where a connection broke and listing again only when the server has forgotten. */
import { coreErrors, isBudError, type Clock } from '@bud-foundry/core'
import { clusterErrors } from '../errors.ts'
import { watchRetryMs } from '../limits.ts'
import type { KubernetesApi, KubernetesObject, ObjectSelection } from './kubernetes-api.ts'

/** One change, or the end of a (re)listing, after which the view is complete. */
export type ObjectNews =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: KubernetesObject }
  | { readonly type: 'synced'; readonly relisted: boolean }

/** Objects of one kind: their place tells them apart. */
const placeOf = ({ metadata }: KubernetesObject) => `${metadata.namespace ?? ''}/${metadata.name}`

/** What a list tells that earlier news did not: also deletions that happened while nobody watched. */
function* reconcile(known: Map<string, KubernetesObject>, items: readonly KubernetesObject[]): Iterable<ObjectNews> {
  const present = new Set(items.map(placeOf))
  for (const [path, object] of [...known]) {
    if (present.has(path)) continue
    known.delete(path)
    yield { type: 'deleted', object }
  }
  for (const object of items) {
    const before = known.get(placeOf(object))
    known.set(placeOf(object), object)
    if (before === undefined) yield { type: 'added', object }
    else if (before.metadata.resourceVersion !== object.metadata.resourceVersion) yield { type: 'modified', object }
  }
}

/** What a watch works with. */
export interface WatchParts {
  readonly api: KubernetesApi
  readonly clock: Clock
  /** Makes each object smaller as it arrives; its metadata must keep name, namespace and version. */
  readonly keep?: ((object: KubernetesObject) => KubernetesObject) | undefined
}

const passes = (error: unknown) => isBudError(error) && error.retryable

/**
 * Never ends by itself; leave the loop or abort. Every object is told of once per version, whatever happens to the connection.
 * @throws CORE_ABORTED, CLUSTER_KUBERNETES_FORBIDDEN and other failures that waiting does not mend.
 */
export async function* watchObjects(
  { api, clock, keep = (object) => object }: WatchParts,
  selection: ObjectSelection,
  signal: AbortSignal,
): AsyncIterable<ObjectNews> {
  const known = new Map<string, KubernetesObject>()
  let version: string | undefined
  let listed = false
  let waitMs: number = watchRetryMs.first
  for (;;) {
    if (signal.aborted) throw coreErrors.ABORTED({ what: `watching ${selection.kind}` }, { cause: signal.reason })
    try {
      if (version === undefined) {
        const list = await api.list(selection, signal, keep)
        yield* reconcile(known, list.items)
        version = list.resourceVersion
        yield { type: 'synced', relisted: listed }
        listed = true
      }
      for await (const { type, object: whole } of api.watch(selection, version, signal)) {
        version = whole.metadata.resourceVersion ?? version
        waitMs = watchRetryMs.first
        if (type === 'bookmark') continue
        const object = keep(whole)
        if (type === 'deleted') known.delete(placeOf(object))
        else known.set(placeOf(object), object)
        yield { type, object }
      }
    } catch (error) {
      if (signal.aborted || !passes(error)) throw error
      if (clusterErrors.KUBERNETES_EXPIRED.is(error)) {
        version = undefined
        continue
      }
    }
    // The server closes watches now and then; without a pause a server that closes at once would be asked in a loop.
    await clock.sleep(waitMs, signal)
    waitMs = Math.min(watchRetryMs.last, waitMs * 2)
  }
}
