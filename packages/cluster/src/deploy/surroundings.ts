/** What stands around the workload: namespace, services, network policy, disruption budgets, claim, service monitor. */
import type { V1PersistentVolumeClaimSpec, V1PodDisruptionBudgetSpec, V1ServiceSpec } from '@kubernetes/client-node'
import type { DeploymentPlan } from '@bud-foundry/core'
import { adaptersAnnotation, modelAnnotation, namespaceLabels, ownershipLabels, selectorLabels } from '../kubernetes/ownership.ts'
import { toByteQuantity } from '../kubernetes/quantity.ts'
import type { RenderOptions } from './render-options.ts'
import { roleLabels, workloadName, type Role } from './roles.ts'
import type { Manifest } from './manifest.ts'

/** Downloads are written beside the finished file before they replace it, and tokenizers and configs come on top. */
const storageHeadroom = 1.25

const metadata = (plan: DeploymentPlan, options: RenderOptions, name = plan.name) => ({
  name,
  namespace: options.namespace,
  labels: ownershipLabels(plan),
})

const rolesOf = ({ disaggregation }: RenderOptions): readonly Role[] =>
  disaggregation === undefined ? ['engine'] : ['router', 'prefill', 'decode']

/** LeaderWorkerSet labels its pods by index; requests go to the leaders, which have index 0. */
const servingLabels = (plan: DeploymentPlan, role: Role) => ({
  ...roleLabels(plan, role),
  ...(plan.nodesPerReplica > 1 ? { 'leaderworkerset.sigs.k8s.io/worker-index': '0' } : {}),
})

export function namespace(options: RenderOptions): Manifest {
  // Shared by many deployments, so it carries no deployment's label and goes only with the last of them.
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: options.namespace, labels: namespaceLabels() } }
}

const servedNames = (plan: DeploymentPlan, { loraAdapters }: RenderOptions) => ({
  [modelAnnotation]: plan.model.servedName,
  ...(loraAdapters.length === 0 ? {} : { [adaptersAnnotation]: loraAdapters.map(({ name }) => name).join(',') }),
})

/** One for callers, and with prefill and decode apart one for each, which the router asks. */
export function services(plan: DeploymentPlan, options: RenderOptions): readonly Manifest[] {
  return rolesOf(options).map((role) => {
    const spec: V1ServiceSpec = {
      type: 'ClusterIP',
      selector: servingLabels(plan, role),
      ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
    }
    // What a gateway needs to know of it; the servers behind a router take no calls of their own.
    const annotations = role === 'engine' || role === 'router' ? servedNames(plan, options) : {}
    return { apiVersion: 'v1', kind: 'Service', metadata: { ...metadata(plan, options, workloadName(plan, role)), annotations }, spec }
  })
}

interface Peer {
  readonly namespaceLabels?: Readonly<Record<string, string>> | undefined
  readonly podLabels: Readonly<Record<string, string>>
}

/** Charts of Prometheus give its pods this label; Bud's scaler is installed into this namespace and asks the pods itself. */
const prometheus: Peer = { podLabels: { 'app.kubernetes.io/name': 'prometheus' } }
const budScaler: Peer = { namespaceLabels: { 'kubernetes.io/metadata.name': 'scaler-system' }, podLabels: {} }

function scrapersOf({ scrapers, serviceMonitor, autoscaling }: RenderOptions): readonly Peer[] {
  if (scrapers !== undefined) return scrapers
  const byPrometheus = serviceMonitor || autoscaling?.target === 'hpa' || autoscaling?.target === 'keda'
  return [...(byPrometheus ? [prometheus] : []), ...(autoscaling?.target === 'bud' ? [budScaler] : [])]
}

const podsOf = ({ namespaceLabels = {}, podLabels }: Peer) => ({
  namespaceSelector: { matchLabels: { ...namespaceLabels } },
  podSelector: { matchLabels: { ...podLabels } },
})

/** Callers and readers of metrics in, DNS and HTTPS out (the model is downloaded at first start), and the pods of one replica among themselves. */
export function networkPolicy(plan: DeploymentPlan, options: RenderOptions): Manifest {
  const { callers } = options
  // Collectives between the nodes of a replica, and caches between prefill and decode, use ports of their own choosing.
  const talks = plan.nodesPerReplica > 1 || options.disaggregation !== undefined
  const peers = talks ? [{ podSelector: { matchLabels: selectorLabels(plan) } }] : []
  const spec = {
    podSelector: { matchLabels: selectorLabels(plan) },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      {
        from: [...[callers, ...scrapersOf(options)].map(podsOf), ...callers.addressRanges.map((cidr) => ({ ipBlock: { cidr } }))],
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

const replicasOf = (plan: DeploymentPlan, { disaggregation, autoscaling }: RenderOptions, role: Role) => {
  if (role === 'router') return 1
  if (disaggregation !== undefined) return role === 'prefill' ? disaggregation.prefillReplicas : disaggregation.decodeReplicas
  return autoscaling === undefined ? plan.replicas : autoscaling.maxReplicas
}

export function disruptionBudgets(plan: DeploymentPlan, options: RenderOptions): readonly Manifest[] {
  return rolesOf(options)
    .filter((role) => replicasOf(plan, options, role) > 1)
    .map((role) => {
      // With one replica a budget would make its node undrainable, so there is none.
      const spec: V1PodDisruptionBudgetSpec = { maxUnavailable: 1, selector: { matchLabels: servingLabels(plan, role) } }
      return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: metadata(plan, options, workloadName(plan, role)), spec }
    })
}

/** Pods on several nodes share the claim, which then needs a storage class that can be mounted by all of them. */
export const sharesClaim = (plan: DeploymentPlan, options: RenderOptions) =>
  plan.nodesPerReplica > 1 || rolesOf(options).reduce((sum, role) => sum + (role === 'router' ? 0 : replicasOf(plan, options, role)), 0) > 1

export function modelClaims(plan: DeploymentPlan, options: RenderOptions): readonly Manifest[] {
  const { modelStorage } = options
  if (modelStorage.kind !== 'claim') return []
  const { storageClassName } = modelStorage
  const spec: V1PersistentVolumeClaimSpec = {
    accessModes: [sharesClaim(plan, options) ? 'ReadWriteMany' : 'ReadWriteOnce'],
    ...(storageClassName === undefined ? {} : { storageClassName }),
    resources: { requests: { storage: toByteQuantity(plan.model.downloadBytes * storageHeadroom) } },
  }
  return [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: metadata(plan, options, `${plan.name}-models`), spec }]
}

export function serviceMonitors(plan: DeploymentPlan, options: RenderOptions): readonly Manifest[] {
  if (!options.serviceMonitor) return []
  return [
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: metadata(plan, options),
      spec: { selector: { matchLabels: selectorLabels(plan) }, endpoints: [{ port: 'http', path: '/metrics', interval: '15s' }] },
    },
  ]
}
