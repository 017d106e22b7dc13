/** Plans as Bud's services read them: node groups with arguments, and the metrics of a cluster. */
import type { DeploymentPlan, LatencyObjective } from '@bud-foundry/core'
import { findHardware } from '../hardware/hardware-registry.ts'
import type { BudRun } from './bud-schemas.ts'

/** Bud's targets in one vocabulary: a throughput for each user is a bound on the time per output token. */
export function toObjective(run: Pick<BudRun, 'target_ttft' | 'target_e2e_latency' | 'target_throughput_per_user'>): LatencyObjective {
  const { target_ttft, target_e2e_latency, target_throughput_per_user } = run
  return {
    ...(typeof target_ttft === 'number' ? { timeToFirstTokenMs: target_ttft } : {}),
    ...(typeof target_e2e_latency === 'number' ? { endToEndMs: target_e2e_latency * 1000 } : {}),
    ...(typeof target_throughput_per_user === 'number' ? { timePerOutputTokenMs: 1000 / target_throughput_per_user } : {}),
  }
}

/** Mean share by which targets are missed, as Bud's `error_rate`; 0 when all are met. */
export function missRate({ objective, predicted }: DeploymentPlan): number {
  const misses: number[] = []
  const add = (limit: number | undefined, value: number) => {
    if (limit !== undefined) misses.push(Math.max(0, value / limit - 1))
  }
  add(objective?.timeToFirstTokenMs, predicted.timeToFirstTokenMs.mid)
  add(objective?.timePerOutputTokenMs, predicted.timePerOutputTokenMs.mid)
  add(objective?.endToEndMs, predicted.endToEndMs.mid)
  return misses.length === 0 ? 0 : misses.reduce((sum, miss) => sum + miss, 0) / misses.length
}

const deviceType = (plan: DeploymentPlan): string => {
  const { kind, vendor } = findHardware(plan.hardwareId)
  return kind === 'gpu' ? (vendor === 'AMD' ? 'rocm' : 'cuda') : kind
}

const figures = (plan: DeploymentPlan) => ({
  ttft: plan.predicted.timeToFirstTokenMs.mid,
  throughput_per_user: 1000 / plan.predicted.timePerOutputTokenMs.mid,
  e2e_latency: plan.predicted.endToEndMs.mid / 1000,
  error_rate: missRate(plan),
  cost_per_million_tokens: plan.cost?.usdPerMillionOutputTokens ?? null,
})

/** One item of GET /simulator/recommendations. */
export const toClusterMetrics = (clusterId: string, plan: DeploymentPlan) => ({
  cluster_id: clusterId,
  metrics: {
    device_types: [
      {
        device_type: deviceType(plan),
        num_replicas: plan.replicas,
        concurrency: plan.workload.concurrency ?? null,
        cost_per_million_tokens: plan.cost?.usdPerMillionOutputTokens ?? null,
      },
    ],
    replica: plan.replicas,
    concurrency: plan.workload.concurrency ?? null,
    ...figures(plan),
  },
  engine: plan.engine.id,
  engine_version: plan.engine.version,
})

/** One group of nodes in POST /simulator/configurations. Memory in GB of 1e9 bytes, of one replica's devices together. */
export const toNodeGroup = (configId: string, plan: DeploymentPlan) => {
  const { weightsBytes, kvCacheBytes, activationsBytes, overheadBytes } = plan.memoryPerDevice
  const gigabytes = (bytes: number) => (bytes * plan.devicesPerReplica) / 1e9
  return {
    config_id: configId,
    name: plan.name,
    labels: { device_name: plan.hardwareId, concurrency: String(plan.workload.concurrency ?? '') },
    type: deviceType(plan),
    engine_type: plan.engine.id,
    engine_version: plan.engine.version,
    tp_size: plan.parallelism.tensor,
    pp_size: plan.parallelism.pipeline,
    envs: plan.launch.env,
    args: plan.settings,
    replicas: plan.replicas,
    image: plan.launch.image,
    memory: gigabytes(weightsBytes + kvCacheBytes + activationsBytes + overheadBytes),
    weight_memory_gb: gigabytes(weightsBytes),
    kv_cache_memory_gb: gigabytes(kvCacheBytes),
    hardware_mode: 'dedicated',
    device_name: plan.hardwareId,
    device_model: findHardware(plan.hardwareId).name,
    ...figures(plan),
  }
}
