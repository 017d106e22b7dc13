/** The devices of a cluster, kept up to date by watches instead of lists. */
import { createBoundedQueue } from '@bud-foundry/core'
import { resourcePath } from '../kubernetes/kinds.ts'
import { referenceOf, type KubernetesObject, type ObjectSelection } from '../kubernetes/kubernetes-api.ts'
import { watchObjects, type WatchParts } from '../kubernetes/watch-objects.ts'
import { slimNode, slimPod } from './inventory-parts.ts'
import { toDevices, type ClusterInventory, type DiscoveredDevices } from './discover-devices.ts'

/** Pages of exporters are no objects of the API. */
type Watched = Exclude<keyof ClusterInventory, 'dcgmPages'>

interface View {
  readonly objects: Map<string, KubernetesObject>
  synced: boolean
}

const selections: Readonly<Record<Watched, ObjectSelection>> = {
  nodes: { apiVersion: 'v1', kind: 'Node' },
  pods: { apiVersion: 'v1', kind: 'Pod' },
  resourceSlices: { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice' },
  resourceClaims: { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim' },
}

/** Of large kinds only what discovery reads stays in memory. */
const keeps: Readonly<Partial<Record<Watched, WatchParts['keep']>>> = { nodes: slimNode, pods: slimPod }

async function follow(parts: WatchParts, selection: ObjectSelection, view: View, onChange: () => void, signal: AbortSignal): Promise<void> {
  for await (const news of watchObjects(parts, selection, signal)) {
    if (news.type === 'synced') view.synced = true
    else if (news.type === 'deleted') view.objects.delete(resourcePath(referenceOf(news.object)))
    else view.objects.set(resourcePath(referenceOf(news.object)), news.object)
    if (view.synced) onChange()
  }
}

/** Yields what there is, then every change of it; changes that come faster than they are read are taken together. Ends with the signal. */
export async function* watchDevices(parts: Omit<WatchParts, 'keep'>, signal: AbortSignal): AsyncIterable<DiscoveredDevices> {
  const dra = (await parts.api.servedKinds('resource.k8s.io/v1', signal)).includes('ResourceSlice')
  const view = (synced: boolean): View => ({ objects: new Map(), synced })
  const views = { nodes: view(false), pods: view(false), resourceSlices: view(!dra), resourceClaims: view(!dra) }
  const followed = dra ? (['nodes', 'pods', 'resourceSlices', 'resourceClaims'] as const) : (['nodes', 'pods'] as const)
  const leaving = new AbortController()
  const ending = AbortSignal.any([signal, leaving.signal])
  const changed = createBoundedQueue<'changed'>({ what: 'changes of devices', limit: 1, overflow: 'refuse' })
  const onChange = () => {
    changed.offer('changed')
  }
  const work = Promise.all(
    followed.map((name) => follow({ ...parts, keep: keeps[name] }, selections[name], views[name], onChange, ending)),
  ).then(
    () => undefined,
    (error: unknown) => {
      changed[Symbol.dispose]()
      return { error }
    },
  )
  const objectsOf = (name: Watched) => [...views[name].objects.values()]
  let told = ''
  try {
    while ((await changed.take(signal)) !== undefined) {
      if (!Object.values(views).every(({ synced }) => synced)) continue
      const found = toDevices({
        nodes: objectsOf('nodes'),
        pods: objectsOf('pods'),
        resourceSlices: objectsOf('resourceSlices'),
        resourceClaims: objectsOf('resourceClaims'),
      })
      const text = JSON.stringify(found)
      if (text !== told) yield found
      told = text
    }
    const failed = await work
    if (failed !== undefined) throw failed.error
  } finally {
    leaving.abort()
    await work
  }
}
