/** A plan as `sim` recommends it. */
import type { DeploymentPlan } from '@bud-foundry/core'

const interval = { low: 1, mid: 2, high: 3 }

export const samplePlan: DeploymentPlan = {
  schemaVersion: 1,
  name: 'chat',
  model: { id: 'Qwen/Qwen3-8B', servedName: 'qwen3-8b', downloadBytes: 16_381_470_720 },
  engine: { id: 'sglang', version: '0.5.18' },
  hardwareId: 'h100-sxm',
  replicas: 2,
  parallelism: { tensor: 1, pipeline: 1, expert: 1, data: 1 },
  devicesPerReplica: 1,
  nodesPerReplica: 1,
  precision: { weights: 'bf16', kvCache: 'bf16' },
  settings: {},
  memoryPerDevice: { weightsBytes: 16e9, kvCacheBytes: 50e9, activationsBytes: 2e9, overheadBytes: 2e9, capacityBytes: 80e9 },
  launch: {
    image: 'lmsysorg/sglang:v0.5.18',
    command: ['python3', '-m', 'sglang.launch_server'],
    args: ['--model-path', 'Qwen/Qwen3-8B', '--port', '30000'],
    env: {},
    portHttp: 30_000,
    probes: { startup: '/health', ready: '/health', live: '/health', startupSecondsMax: 600 },
    metricNames: {
      running: 'sglang:num_running_reqs',
      waiting: 'sglang:num_queue_reqs',
      kvUsage: 'sglang:token_usage',
      timeToFirstToken: 'sglang:time_to_first_token_seconds',
      timePerOutputToken: 'sglang:inter_token_latency_seconds',
    },
    resources: { 'nvidia.com/gpu': 1, cpu: 5, memory: 2 ** 35 },
  },
  workload: { inputTokens: 1024, outputTokens: 256, concurrency: 16 },
  predicted: {
    timeToFirstTokenMs: interval,
    timePerOutputTokenMs: interval,
    endToEndMs: interval,
    outputTokensPerSecond: interval,
    basis: 'analytical',
    meetsObjective: true,
  },
  reasons: [],
}
