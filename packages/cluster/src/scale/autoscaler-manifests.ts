/** The autoscaler of a deployment as a manifest: HorizontalPodAutoscaler, KEDA's ScaledObject or Bud's BudAIScaler. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { startupSeconds } from '../deploy/pod-template.ts'
import type { RenderOptions } from '../deploy/render-options.ts'
import { workloadName } from '../deploy/roles.ts'
import type { Manifest } from '../deploy/manifest.ts'
import { ownershipLabels } from '../kubernetes/ownership.ts'
import { rolloutMarginMs } from '../limits.ts'
import type { AutoscalingOptions } from './autoscaling-options.ts'
import { cronOf } from './schedules.ts'

interface Scaling {
  readonly plan: DeploymentPlan
  readonly options: RenderOptions
}

type Target<Name extends AutoscalingOptions['target']> = Extract<AutoscalingOptions, { readonly target: Name }>

const metadata = ({ plan, options }: Scaling) => ({ name: plan.name, namespace: options.namespace, labels: ownershipLabels(plan) })

/** With prefill and decode apart it is decode that answers run long in. */
const scaled = ({ plan, options }: Scaling) => ({
  apiVersion: plan.nodesPerReplica > 1 ? 'leaderworkerset.x-k8s.io/v1' : 'apps/v1',
  kind: plan.nodesPerReplica > 1 ? 'LeaderWorkerSet' : 'Deployment',
  name: workloadName(plan, options.disaggregation === undefined ? 'engine' : 'decode'),
})

/** Pods of this workload, and none of one whose name begins with its name: `chat-large` beside `chat`. */
const podPattern = (scaling: Scaling) =>
  scaling.plan.nodesPerReplica > 1 ? `${scaled(scaling).name}-[0-9]+` : `${scaled(scaling).name}-[a-z0-9]+-[a-z0-9]{5}`

/** Quantities have no fractions, but thousandths. */
const thousandths = (value: number) => (Number.isInteger(value) ? String(value) : `${String(Math.round(value * 1000))}m`)

function behavior({ stabilizationSeconds: { up, down } }: Pick<AutoscalingOptions, 'stabilizationSeconds'>) {
  return {
    scaleUp: { stabilizationWindowSeconds: up, selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 60 }] },
    scaleDown: { stabilizationWindowSeconds: down, selectPolicy: 'Min', policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }] },
  }
}

function horizontal(scaling: Scaling, target: Target<'hpa'>): Manifest {
  const { metricNames } = scaling.plan.launch
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadata(scaling),
    spec: {
      scaleTargetRef: scaled(scaling),
      minReplicas: target.minReplicas,
      maxReplicas: target.maxReplicas,
      behavior: behavior(target),
      metrics: target.signals.map(({ metric, target: value }) => ({
        type: 'Pods',
        pods: { metric: { name: metricNames[metric] }, target: { type: 'AverageValue', averageValue: thousandths(value) } },
      })),
    },
  }
}

function keda(scaling: Scaling, target: Target<'keda'>): Manifest {
  const { plan, options } = scaling
  const pods = `{namespace="${options.namespace}",pod=~"${podPattern(scaling)}"}`
  const prometheus = (query: string, threshold: number) => ({
    type: 'prometheus',
    metricType: 'AverageValue',
    metadata: { serverAddress: target.prometheusUrl, query, threshold: String(threshold) },
  })
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: metadata(scaling),
    spec: {
      scaleTargetRef: scaled(scaling),
      minReplicaCount: target.minReplicas,
      maxReplicaCount: target.maxReplicas,
      cooldownPeriod: target.idleSeconds,
      // Nothing asks a deployment that is new: it stays until it has started and served its first token.
      ...(target.minReplicas > 0 ? {} : { initialCooldownPeriod: startupSeconds(plan, options) + rolloutMarginMs / 1000 }),
      pollingInterval: 15,
      advanced: { horizontalPodAutoscalerConfig: { behavior: behavior(target) } },
      triggers: [
        // The sum, so that the average per replica is what is compared.
        ...target.signals.map(({ metric, target: value }) => prometheus(`sum(${plan.launch.metricNames[metric]}${pods})`, value)),
        ...(target.activationQuery === undefined ? [] : [prometheus(target.activationQuery, 1)]),
        ...target.schedules.map((schedule) => ({
          type: 'cron',
          metadata: { timezone: target.timeZone, ...cronOf(schedule), desiredReplicas: String(schedule.replicas) },
        })),
      ],
    },
  }
}

/** Engines whose metrics Bud's scaler knows; those of others it reads from the pods like any text. */
const knownEngines = new Set(['vllm', 'tgi', 'sglang'])

function metricsSource({ plan }: Scaling, targetMetric: string, targetValue: number) {
  const port = plan.launch.portHttp
  const value = { targetMetric, targetValue: String(targetValue) }
  return knownEngines.has(plan.engine.id)
    ? {
        metricSourceType: 'inferenceEngine',
        ...value,
        inferenceEngineConfig: { engineType: plan.engine.id, metricsPort: port, metricsPath: '/metrics' },
      }
    : { metricSourceType: 'pod', ...value, protocolType: 'http', path: '/metrics', port: String(port) }
}

function bud(scaling: Scaling, target: Target<'bud'>): Manifest {
  const { prediction, usdPerHourMax } = target
  const { metricNames } = scaling.plan.launch
  return {
    apiVersion: 'scaler.bud.studio/v1alpha1',
    kind: 'BudAIScaler',
    metadata: metadata(scaling),
    spec: {
      scaleTargetRef: scaled(scaling),
      scalingStrategy: 'BudScaler',
      minReplicas: target.minReplicas,
      maxReplicas: target.maxReplicas,
      metricsSources: target.signals.map(({ metric, target: value }) => metricsSource(scaling, metricNames[metric], value)),
      behavior: behavior(target),
      scheduleHints: target.schedules.map((schedule) => ({
        name: schedule.name,
        cronExpression: cronOf(schedule).start,
        duration: `${String(schedule.minutes)}m`,
        targetReplicas: schedule.replicas,
      })),
      ...(prediction === undefined
        ? {}
        : {
            predictionConfig: {
              enabled: true,
              lookAheadMinutes: prediction.lookAheadMinutes,
              historicalDataDays: prediction.historyDays,
              predictionMetrics: target.signals.map(({ metric }) => metricNames[metric]),
            },
          }),
      ...(usdPerHourMax === undefined ? {} : { costConfig: { enabled: true, budgetPerHour: thousandths(usdPerHourMax) } }),
    },
  }
}

export function autoscalerManifests(plan: DeploymentPlan, options: RenderOptions): readonly Manifest[] {
  const { autoscaling } = options
  if (autoscaling === undefined) return []
  const scaling = { plan, options }
  switch (autoscaling.target) {
    case 'hpa':
      return [horizontal(scaling, autoscaling)]
    case 'keda':
      return [keda(scaling, autoscaling)]
    case 'bud':
      return [bud(scaling, autoscaling)]
  }
}
