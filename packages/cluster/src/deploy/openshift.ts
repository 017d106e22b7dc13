/** What OpenShift asks for beside Kubernetes: a service account bound to a security context constraint, and a Route. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { ownershipLabels } from '../kubernetes/ownership.ts'
import type { RenderOptions } from './render-options.ts'
import type { Manifest } from './manifest.ts'

/** Undefined where the namespace's default account does. */
export const serviceAccountName = (plan: Pick<DeploymentPlan, 'name'>, { openshift }: RenderOptions): string | undefined =>
  openshift === undefined ? undefined : plan.name

const metadata = (plan: DeploymentPlan, options: RenderOptions) => ({
  name: plan.name,
  namespace: options.namespace,
  labels: ownershipLabels(plan),
})

/** The constraint is used through the role that OpenShift makes for each of its own: nobody's constraint is edited. */
function accountManifests(plan: DeploymentPlan, options: RenderOptions, constraint: string): readonly Manifest[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(plan, options), automountServiceAccountToken: false },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: metadata(plan, options),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `system:openshift:scc:${constraint}` },
      subjects: [{ kind: 'ServiceAccount', name: plan.name, namespace: options.namespace }],
    },
  ]
}

function route(plan: DeploymentPlan, options: RenderOptions, host: string): Manifest {
  const { labels, ...rest } = metadata(plan, options)
  return {
    apiVersion: 'route.openshift.io/v1',
    kind: 'Route',
    // The router's default of 30 s would cut long answers off.
    metadata: { ...rest, labels, annotations: { 'haproxy.router.openshift.io/timeout': '5m' } },
    spec: {
      host,
      to: { kind: 'Service', name: plan.name, weight: 100 },
      port: { targetPort: 'http' },
      tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Redirect' },
      wildcardPolicy: 'None',
    },
  }
}

export function openshiftManifests(plan: DeploymentPlan, options: RenderOptions): readonly Manifest[] {
  const { openshift } = options
  if (openshift === undefined) return []
  const { routeHost, securityContextConstraint } = openshift
  return [
    ...accountManifests(plan, options, securityContextConstraint),
    ...(routeHost === undefined ? [] : [route(plan, options, routeHost)]),
  ]
}

/** `https://api.lab.example:6443` serves its applications below `apps.lab.example`. */
export function routeHostFor(apiServer: string, name: string, namespace: string): string | undefined {
  const { hostname } = new URL(apiServer)
  return hostname.startsWith('api.') ? `${name}-${namespace}.apps.${hostname.slice('api.'.length)}` : undefined
}
