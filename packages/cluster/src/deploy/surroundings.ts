/** What stands around the workload: namespace, service, network policy, disruption budget, claim, service monitor. */
import type { V1PersistentVolumeClaimSpec, V1PodDisruptionBudgetSpec, V1ServiceSpec } from '@kubernetes/client-node'
import type { DeploymentPlan } from '@bud-foundry/core'
import { namespaceLabels, ownershipLabels, selectorLabels } from '../kubernetes/ownership.ts'
import { toByteQuantity } from '../kubernetes/quantity.ts'
import type { RenderOptions } from './render-options.ts'
import type { Manifest } from './workload.ts'

/** Downloads are written beside the finished file before they replace it, and tokenizers and configs come on top. */
const storageHeadroom = 1.25

const metadata = (plan: DeploymentPlan, options: RenderOptions, name = plan.name) => ({
  name,
  namespace: options.namespace,
  labels: ownershipLabels(plan),
})

/** LeaderWorkerSet labels its pods by index; requests go to the leaders, which have index 0. */
const servingLabels = (plan: DeploymentPlan) => ({
  ...selectorLabels(plan),
  ...(plan.nodesPerReplica > 1 ? { 'leaderworkerset.sigs.k8s.io/worker-index': '0' } : {}),
})

export function namespace(options: RenderOptions): Manifest {
  // Shared by many deployments, so it carries no deployment's label and goes only with the last of them.
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: options.namespace, labels: namespaceLabels() } }
}

export function service(plan: DeploymentPlan, options: RenderOptions): Manifest {
  const spec: V1ServiceSpec = {
    type: 'ClusterIP',
    selector: servingLabels(plan),
    ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
  }
  return { apiVersion: 'v1', kind: 'Service', metadata: metadata(plan, options), spec }
}

/** Callers in, DNS and HTTPS out (the model is downloaded at first start), and the nodes of one replica among themselves. */
export function networkPolicy(plan: DeploymentPlan, options: RenderOptions): Manifest {
  const { namespaceLabels, podLabels } = options.callers
  // Collectives between the nodes of a replica use ports of their own choosing.
  const peers = plan.nodesPerReplica > 1 ? [{ podSelector: { matchLabels: selectorLabels(plan) } }] : []
  const spec = {
    podSelector: { matchLabels: selectorLabels(plan) },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      {
        from: [{ namespaceSelector: { matchLabels: { ...namespaceLabels } }, podSelector: { matchLabels: podLabels } }],
        ports: [{ port: 'http', protocol: 'TCP' }],
      },
      ...peers.map((peer) => ({ from: [peer] })),
    ],
    egress: [
      {
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
          { port: 443, protocol: 'TCP' },
        ],
      },
      ...peers.map((peer) => ({ to: [peer] })),
    ],
  }
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: metadata(plan, options), spec }
}

export function disruptionBudget(plan: DeploymentPlan, options: RenderOptions): Manifest {
  // With one replica a budget would make its node undrainable, so there is none.
  const spec: V1PodDisruptionBudgetSpec = { maxUnavailable: 1, selector: { matchLabels: servingLabels(plan) } }
  return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: metadata(plan, options), spec }
}

/** Pods on several nodes share the claim, which then needs a storage class that can be mounted by all of them. */
export const sharesClaim = (plan: DeploymentPlan) => plan.replicas * plan.nodesPerReplica > 1

export function modelClaim(plan: DeploymentPlan, options: RenderOptions): Manifest {
  const { modelStorage } = options
  const storageClassName = modelStorage.kind === 'claim' ? modelStorage.storageClassName : undefined
  const spec: V1PersistentVolumeClaimSpec = {
    accessModes: [sharesClaim(plan) ? 'ReadWriteMany' : 'ReadWriteOnce'],
    ...(storageClassName === undefined ? {} : { storageClassName }),
    resources: { requests: { storage: toByteQuantity(plan.model.downloadBytes * storageHeadroom) } },
  }
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: metadata(plan, options, `${plan.name}-models`), spec }
}

export function serviceMonitor(plan: DeploymentPlan, options: RenderOptions): Manifest {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: metadata(plan, options),
    spec: { selector: { matchLabels: selectorLabels(plan) }, endpoints: [{ port: 'http', path: '/metrics', interval: '15s' }] },
  }
}
