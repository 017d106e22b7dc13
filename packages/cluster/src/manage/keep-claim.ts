/** Claims cannot be changed once they are made, only grow: what is there stays where it is enough for the plan. */
import { z } from 'zod'
import { parseQuantity } from '../discover/node-schemas.ts'
import { describeObject, referenceOf, type KubernetesObject } from '../kubernetes/kubernetes-api.ts'

const claimSchema = z.looseObject({
  accessModes: z.array(z.string()).default([]),
  resources: z.looseObject({ requests: z.looseObject({ storage: z.string().default('0') }).prefault({}) }).prefault({}),
})

/** The manifest that fits the live claim, or why none does. */
export function keepClaim(
  manifest: KubernetesObject,
  live: KubernetesObject,
): { readonly manifest: KubernetesObject; readonly problem?: undefined } | { readonly problem: string } {
  const [wanted, found] = [claimSchema.parse(manifest.spec), claimSchema.parse(live.spec)]
  const shared = found.accessModes.includes('ReadWriteMany')
  const missing = wanted.accessModes.find((mode) => !found.accessModes.includes(mode) && !shared)
  if (missing !== undefined) {
    const claim = describeObject(referenceOf(manifest))
    return {
      problem: `${claim} is ${found.accessModes.join(', ')}, and the plan needs ${missing}; a claim cannot be changed: destroy the deployment and apply it anew, or use modelStorage { kind: 'ephemeral' }`,
    }
  }
  const [wantedSize, foundSize] = [wanted.resources.requests.storage, found.resources.requests.storage]
  const storage = parseQuantity(foundSize) > parseQuantity(wantedSize) ? foundSize : wantedSize
  // Safe: the spec of a claim is an object; the schema has just read it.
  const spec = { ...(manifest.spec as object), accessModes: found.accessModes, resources: { requests: { storage } } }
  return { manifest: { ...manifest, spec } }
}
