/** What an add-on consists of, written into the cluster before anything else of it, so that nothing is ever lost from sight. */
import { z } from 'zod'
import { referenceOf, type KubernetesApi, type KubernetesObject, type ObjectReference } from '../kubernetes/kubernetes-api.ts'
import { addOnLabels, fieldManager } from '../kubernetes/ownership.ts'

const referenceSchema = z.strictObject({ apiVersion: z.string(), kind: z.string(), name: z.string(), namespace: z.string().optional() })
const inventorySchema = z.strictObject({
  version: z.string(),
  digest: z.string(),
  namespace: z.string(),
  /** Made by us, and removed with the last add-on in it. */
  madeNamespace: z.boolean(),
  /** False until everything was applied and everything old is gone. */
  complete: z.boolean(),
  objects: z.array(referenceSchema).max(5_000),
})

export type AddOnInventory = Readonly<z.output<typeof inventorySchema>>

export const inventoryNamespace = 'kube-system'
const placeOf = (name: string): ObjectReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: `bud-foundry-add-on-${name}`,
  namespace: inventoryNamespace,
})

const holderSchema = z.looseObject({ data: z.looseObject({ inventory: z.string() }) })
const parse = (object: KubernetesObject): AddOnInventory => inventorySchema.parse(JSON.parse(holderSchema.parse(object).data.inventory))

export async function readInventory(api: KubernetesApi, name: string, signal: AbortSignal): Promise<AddOnInventory | undefined> {
  const object = await api.read(placeOf(name), signal)
  return object === undefined ? undefined : parse(object)
}

/** Every add-on of ours in a cluster. */
export async function listInventories(
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<readonly { readonly name: string; readonly inventory: AddOnInventory }[]> {
  const { items } = await api.list(
    { apiVersion: 'v1', kind: 'ConfigMap', namespace: inventoryNamespace, labels: { 'foundry.bud.studio/inventory': 'add-on' } },
    signal,
  )
  return items.map((object) => ({ name: object.metadata.name.replace('bud-foundry-add-on-', ''), inventory: parse(object) }))
}

export async function writeInventory(api: KubernetesApi, name: string, inventory: AddOnInventory, signal: AbortSignal): Promise<void> {
  const { apiVersion, kind, ...place } = placeOf(name)
  const labels = { ...addOnLabels(name), 'foundry.bud.studio/inventory': 'add-on' }
  const object = { apiVersion, kind, metadata: { ...place, labels }, data: { inventory: JSON.stringify(inventory) } }
  await api.apply(object, { fieldManager, force: true }, signal)
}

export async function removeInventory(api: KubernetesApi, name: string, signal: AbortSignal): Promise<void> {
  await api.remove(placeOf(name), {}, signal)
}

export const keyOf = ({ apiVersion, kind, name, namespace = '' }: ObjectReference) => `${apiVersion} ${kind} ${namespace}/${name}`

/** Both lists, each object once. */
export function unite(left: readonly ObjectReference[], right: readonly KubernetesObject[]): ObjectReference[] {
  const all = new Map([...left, ...right.map(referenceOf)].map((reference) => [keyOf(reference), reference]))
  return [...all.values()]
}
