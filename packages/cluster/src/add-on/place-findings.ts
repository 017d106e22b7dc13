/** Whether the objects of an add-on have a place in the cluster: kinds that are served, namespaces that are there. */
import type { Finding } from '@bud-foundry/core'
import { z } from 'zod'
import { describeObject, referenceOf, type KubernetesApi, type KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { groupOf } from '../kubernetes/kinds.ts'
import type { AddOn } from './add-on.ts'

interface Placed {
  readonly addOn: AddOn
  readonly objects: readonly KubernetesObject[]
}

const definitionSchema = z.looseObject({ group: z.string(), names: z.looseObject({ kind: z.string() }) })

/** `group kind` of everything that the add-on defines itself. */
const ownKinds = (objects: readonly KubernetesObject[]): ReadonlySet<string> =>
  new Set(
    objects
      .filter(({ kind }) => kind === 'CustomResourceDefinition')
      .flatMap(({ spec }) => {
        const { data } = definitionSchema.safeParse(spec)
        return data === undefined ? [] : [`${data.group} ${data.names.kind}`]
      }),
  )

async function kindFindings(api: KubernetesApi, { objects }: Placed, signal: AbortSignal): Promise<readonly Finding[]> {
  const own = ownKinds(objects)
  const foreign = objects.filter(({ apiVersion, kind }) => !own.has(`${groupOf(apiVersion)} ${kind}`))
  const found: Finding[] = []
  for (const [apiVersion, members] of Map.groupBy(foreign, (object) => object.apiVersion)) {
    const served = new Set(await api.servedKinds(apiVersion, signal))
    for (const object of members) {
      if (served.has(object.kind)) continue
      const resource = describeObject(referenceOf(object))
      const message = `the cluster does not know kind ${object.kind} of ${apiVersion}, which ${resource} is of; install what brings it first`
      found.push({ severity: 'blocker', field: resource, message })
    }
  }
  return found
}

async function namespaceFindings(api: KubernetesApi, { addOn, objects }: Placed, signal: AbortSignal): Promise<readonly Finding[]> {
  const made = objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name)
  const elsewhere = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []))
  const found: Finding[] = []
  for (const name of elsewhere) {
    if (name === addOn.namespace || made.includes(name)) continue
    if ((await api.read({ apiVersion: 'v1', kind: 'Namespace', name }, signal)) !== undefined) continue
    const message = `namespace ${name}, into which a part of ${addOn.name} goes, does not exist; create it first`
    found.push({ severity: 'blocker', field: `Namespace ${name}`, message })
  }
  return found
}

/** What would stop an installation half way: better known before its first object. */
export async function placeFindings(api: KubernetesApi, placed: Placed, signal: AbortSignal): Promise<readonly Finding[]> {
  return [...(await kindFindings(api, placed, signal)), ...(await namespaceFindings(api, placed, signal))]
}
