/** The selector of a workload cannot be changed: one that was made by somebody else and adopted keeps its own, and its pods carry both. */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { KubernetesObject } from '../kubernetes/kubernetes-api.ts'

const labels = z.record(z.string(), z.string())
const workloadSchema = z.looseObject({
  selector: z.looseObject({ matchLabels: labels.default({}), matchExpressions: z.array(z.unknown()).default([]) }),
  template: z.looseObject({ metadata: z.looseObject({ labels: labels.default({}) }) }),
})

/** The manifest that fits the live workload, or why none does. */
export function keepSelector(
  manifest: KubernetesObject,
  live: KubernetesObject,
): { readonly manifest: KubernetesObject; readonly problem?: undefined } | { readonly problem: string } {
  const [wanted, found] = [workloadSchema.safeParse(manifest.spec), workloadSchema.safeParse(live.spec)]
  if (!wanted.success || !found.success || isDeepStrictEqual(wanted.data.selector, found.data.selector)) return { manifest }
  const { matchLabels, matchExpressions } = found.data.selector
  if (matchExpressions.length > 0)
    return { problem: 'its selector has expressions, which cannot be changed or adopted; delete it, or choose another name for the plan' }
  const { template } = wanted.data
  const metadata = { ...template.metadata, labels: { ...matchLabels, ...template.metadata.labels } }
  return { manifest: { ...manifest, spec: { ...wanted.data, selector: { matchLabels }, template: { ...template, metadata } } } }
}
