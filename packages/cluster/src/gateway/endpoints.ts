/** Deployments as a gateway sees them: an endpoint appears when a pod of it takes requests, and vanishes with the last one. */
import { createBoundedQueue, type Clock, type Store } from '@bud-foundry/core'
import { z } from 'zod'
import { resourcePath } from '../kubernetes/kinds.ts'
import { referenceOf, type KubernetesApi, type KubernetesObject, type ObjectSelection } from '../kubernetes/kubernetes-api.ts'
import { adaptersAnnotation, deploymentLabel, modelAnnotation } from '../kubernetes/ownership.ts'
import { watchObjects } from '../kubernetes/watch-objects.ts'
import { readyPod, ServedProofs } from './served-proofs.ts'

/** Where a deployment takes requests. */
export interface DeployedEndpoint {
  /** `bud-inference/chat` */
  readonly id: string
  readonly name: string
  readonly namespace: string
  /** The name that requests give their model. */
  readonly model: string
  /** Names of LoRA adapters, which requests may give instead. */
  readonly adapters: readonly string[]
  /** Base of OpenAI's paths, inside the cluster: `http://chat.bud-inference.svc/v1`. */
  readonly url: string
  readonly engine: string
}

export interface EndpointChange {
  readonly type: 'appeared' | 'changed' | 'vanished'
  readonly endpoint: DeployedEndpoint
}

const sliceSchema = z.looseObject({
  endpoints: z.array(z.looseObject({ conditions: z.looseObject({ ready: z.boolean().nullish() }).prefault({}) })).nullish(),
})

// An empty value of a selector means that the label exists.
const labels = { [deploymentLabel]: '' }
const serviceOfSlice = 'kubernetes.io/service-name'
const keyOf = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`

/** Kubernetes leaves a missing `ready` to mean ready. */
const hasReady = (slice: KubernetesObject) =>
  (sliceSchema.parse(slice).endpoints ?? []).some(({ conditions }) => conditions.ready !== false)

/** Pure: what services and their slices offer now. */
export function endpointsOf(services: readonly KubernetesObject[], slices: readonly KubernetesObject[]): readonly DeployedEndpoint[] {
  const ready = new Set(slices.filter(hasReady).map(({ metadata }) => keyOf(metadata.namespace, metadata.labels?.[serviceOfSlice] ?? '')))
  return services.flatMap(({ metadata }) => {
    const model = metadata.annotations?.[modelAnnotation]
    const namespace = metadata.namespace ?? ''
    const id = keyOf(namespace, metadata.name)
    if (model === undefined || metadata.deletionTimestamp !== undefined || !ready.has(id)) return []
    const engine = metadata.labels?.['app.kubernetes.io/name'] ?? ''
    const adapters = metadata.annotations?.[adaptersAnnotation]?.split(',') ?? []
    return [{ id, name: metadata.name, namespace, model, adapters, url: `http://${metadata.name}.${namespace}.svc/v1`, engine }]
  })
}

interface Parts {
  readonly api: KubernetesApi
  readonly clock: Clock
  /** All namespaces when absent. */
  readonly namespace?: string | undefined
  /** What the reader knows already: only the differences are told, also what has vanished since. */
  readonly told?: readonly DeployedEndpoint[] | undefined
}

interface View {
  readonly objects: Map<string, KubernetesObject>
  synced: boolean
}

async function follow(parts: Parts, selection: ObjectSelection, view: View, onChange: () => void, signal: AbortSignal): Promise<void> {
  for await (const news of watchObjects(parts, selection, signal)) {
    if (news.type === 'synced') view.synced = true
    else if (news.type === 'deleted') view.objects.delete(resourcePath(referenceOf(news.object)))
    else view.objects.set(resourcePath(referenceOf(news.object)), news.object)
    if (view.synced) onChange()
  }
}

function* changesBetween(told: Map<string, DeployedEndpoint>, now: readonly DeployedEndpoint[]): Iterable<EndpointChange> {
  const present = new Set(now.map(({ id }) => id))
  for (const [id, endpoint] of [...told]) {
    if (present.has(id)) continue
    told.delete(id)
    yield { type: 'vanished', endpoint }
  }
  for (const endpoint of now) {
    const before = told.get(endpoint.id)
    told.set(endpoint.id, endpoint)
    if (before === undefined) yield { type: 'appeared', endpoint }
    else if (JSON.stringify(before) !== JSON.stringify(endpoint)) yield { type: 'changed', endpoint }
  }
}

/**
 * Yields what is there and not yet told as appeared, then every change; broken connections change nothing. An endpoint appears when its
 * engine no longer fails a request for a token. Never ends by itself; leave the loop or abort.
 */
export async function* watchEndpoints(parts: Parts, signal: AbortSignal): AsyncIterable<EndpointChange> {
  const views: Readonly<Record<'services' | 'slices', View>> = {
    services: { objects: new Map(), synced: false },
    slices: { objects: new Map(), synced: false },
  }
  const leaving = new AbortController()
  const ending = AbortSignal.any([signal, leaving.signal])
  const changed = createBoundedQueue<'changed'>({ what: 'changes of endpoints', limit: 1, overflow: 'refuse' })
  const onChange = () => {
    changed.offer('changed')
  }
  const { namespace } = parts
  const work = Promise.all([
    follow(parts, { apiVersion: 'v1', kind: 'Service', namespace, labels }, views.services, onChange, ending),
    follow(parts, { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace, labels }, views.slices, onChange, ending),
  ]).then(
    () => undefined,
    (error: unknown) => {
      changed[Symbol.dispose]()
      return { error }
    },
  )
  const told = new Map((parts.told ?? []).map((endpoint) => [endpoint.id, endpoint]))
  await using proofs = new ServedProofs({ ...parts, onServed: onChange, signal: ending })
  const slicesOf = ({ namespace: place, name }: DeployedEndpoint): readonly KubernetesObject[] =>
    [...views.slices.objects.values()].filter(({ metadata }) => metadata.namespace === place && metadata.labels?.[serviceOfSlice] === name)
  try {
    while ((await changed.take(signal)) !== undefined) {
      if (!views.services.synced || !views.slices.synced) continue
      const ready = endpointsOf([...views.services.objects.values()], [...views.slices.objects.values()])
      proofs.keepOnly(new Set(ready.map(({ id }) => id)))
      const serving = ready.filter((endpoint) => told.has(endpoint.id) || proofs.hasServed(endpoint, () => readyPod(slicesOf(endpoint))))
      yield* changesBetween(told, serving)
    }
    const failed = await work
    if (failed !== undefined) throw failed.error
  } finally {
    leaving.abort()
    await work
  }
}

/** Keys of the Store under which endpoints are kept; a gateway subscribes to it. */
export const endpointPrefix = (clusterName: string) => `cluster/${clusterName}/endpoints/`

/** Keeps a Store in step with the cluster until the signal aborts; what it held of endpoints that are gone is removed first. */
export async function mirrorEndpoints(
  parts: Parts & { readonly store: Store; readonly clusterName: string; readonly onChange?: (change: EndpointChange) => void },
  signal: AbortSignal,
): Promise<void> {
  const { store, clusterName, onChange } = parts
  const prefix = endpointPrefix(clusterName)
  const write = async ({ type, endpoint }: EndpointChange) => {
    if (type === 'vanished') await store.delete(prefix + endpoint.id)
    else await store.set(prefix + endpoint.id, new TextEncoder().encode(JSON.stringify(endpoint)))
  }
  const { namespace } = parts
  const [services, slices] = await Promise.all([
    parts.api.list({ apiVersion: 'v1', kind: 'Service', namespace, labels }, signal),
    parts.api.list({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace, labels }, signal),
  ])
  const present = new Set(endpointsOf(services.items, slices.items).map(({ id }) => prefix + id))
  for await (const key of store.list(prefix)) if (!present.has(key)) await store.delete(key)
  for await (const change of watchEndpoints(parts, signal)) {
    await write(change)
    onChange?.(change)
  }
}
