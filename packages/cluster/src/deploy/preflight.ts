/** What a deployer should know before applying a plan. */
import type { DeploymentPlan, Finding } from '@bud-foundry/core'
import { acceleratorResources, nodeExpressions } from './node-placement.ts'
import type { RenderOptions } from './render-options.ts'
import { sharesClaim } from './surroundings.ts'

export function findings(plan: DeploymentPlan, options: RenderOptions): readonly Finding[] {
  const found: Finding[] = []
  if (options.modelStorage.kind === 'claim' && sharesClaim(plan, options)) {
    found.push({
      severity: 'warning',
      field: 'modelStorage',
      message: `several pods share the model claim, so its storage class must offer ReadWriteMany; otherwise use modelStorage { kind: 'ephemeral' }`,
    })
  }
  if (options.modelStorage.kind === 'ephemeral') {
    found.push({
      severity: 'info',
      field: 'modelStorage',
      message: `every pod start downloads ${String(Math.ceil(plan.model.downloadBytes / 1e9))} GB of weights again`,
    })
  }
  if (options.huggingFaceToken === undefined && plan.launch.env['HF_TOKEN'] === undefined) {
    found.push({
      severity: 'info',
      field: 'huggingFaceToken',
      message: `if '${plan.model.id}' is gated, its download needs a token: set huggingFaceToken { secretName }`,
    })
  }
  if (plan.nodesPerReplica > 1) {
    found.push({
      severity: 'warning',
      field: 'nodesPerReplica',
      message: 'a replica spans nodes: the LeaderWorkerSet controller (leaderworkerset.x-k8s.io/v1) must be installed',
    })
  }
  if (options.serviceMonitor) {
    found.push({
      severity: 'info',
      field: 'serviceMonitor',
      message: 'the Prometheus operator (monitoring.coreos.com/v1) must be installed',
    })
  }
  if (options.nodeSelector === undefined && nodeExpressions(plan, options).length === 0 && acceleratorResources(plan).length > 0) {
    found.push({
      severity: 'warning',
      field: 'nodeSelector',
      message: `no node label is known for '${plan.hardwareId}': pods go to any node with ${acceleratorResources(plan).join(', ')}; set nodeSelector if the cluster mixes devices`,
    })
  }
  if (options.nodeSelector === undefined && acceleratorResources(plan).length === 0) {
    found.push({
      severity: 'warning',
      field: 'nodeSelector',
      message: `the plan runs on processors, and was predicted for '${plan.hardwareId}': pods go to any node with ${String(plan.launch.resources['cpu'] ?? 0)} free CPUs; set nodeSelector to the nodes that have it`,
    })
  }
  if (options.autoscaling !== undefined) {
    const brings = {
      hpa: 'an adapter of the custom metrics API',
      keda: 'KEDA (keda.sh/v1alpha1)',
      bud: "Bud's scaler (scaler.bud.studio/v1alpha1)",
    }
    found.push({ severity: 'info', field: 'autoscaling', message: `${brings[options.autoscaling.target]} must be installed` })
  }
  if (options.deviceSharing?.kind === 'hami') {
    found.push({ severity: 'info', field: 'deviceSharing', message: 'HAMi must be installed: its scheduler places these pods' })
  }
  if (!plan.predicted.meetsObjective) {
    found.push({ severity: 'warning', field: 'objective', message: 'the plan is not predicted to meet its latency objective' })
  }
  return found
}
