/** Whether anybody serves the metrics that a HorizontalPodAutoscaler asks for. */
import type { Finding } from '@bud-foundry/core'
import type { RenderOptions } from '../deploy/render-options.ts'
import type { KubernetesApi } from '../kubernetes/kubernetes-api.ts'

const versions = ['custom.metrics.k8s.io/v1beta2', 'custom.metrics.k8s.io/v1beta1']

/**
 * An adapter with nothing to tell yet looks like none: the first pods may bring the metric, so this warns and does not block.
 */
export async function metricsAdapterFindings(
  api: KubernetesApi,
  { autoscaling }: Pick<RenderOptions, 'autoscaling'>,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (autoscaling?.target !== 'hpa') return []
  for (const version of versions) if ((await api.servedKinds(version, signal)).length > 0) return []
  const message =
    'the cluster serves no custom metrics (custom.metrics.k8s.io): without an adapter that does, the HorizontalPodAutoscaler never scales; install one, or use the target keda'
  return [{ severity: 'warning', field: 'autoscaling', message }]
}
