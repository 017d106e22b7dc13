/** A plan to render, with the parts that a test cares about replaced. */
import type { DeploymentPlan } from '@bud-foundry/core'

const interval = { low: 1, mid: 2, high: 3 }

export function samplePlan(overrides: Partial<DeploymentPlan> = {}): DeploymentPlan {
  return {
    schemaVersion: 1,
    name: 'llama-chat',
    model: { id: 'meta-llama/Llama-3.1-8B-Instruct', servedName: 'llama-3.1-8b', downloadBytes: 16_060_522_496 },
    engine: { id: 'vllm', version: '0.11.0' },
    hardwareId: 'h100-sxm',
    replicas: 2,
    parallelism: { tensor: 2, pipeline: 1, expert: 1, data: 1 },
    devicesPerReplica: 2,
    nodesPerReplica: 1,
    precision: { weights: 'bf16', kvCache: 'bf16' },
    settings: { 'max-num-seqs': 256 },
    memoryPerDevice: { weightsBytes: 8e9, kvCacheBytes: 50e9, activationsBytes: 1e9, overheadBytes: 2e9, capacityBytes: 80e9 },
    launch: {
      image: 'vllm/vllm-openai:v0.11.0',
      command: ['vllm', 'serve'],
      args: ['meta-llama/Llama-3.1-8B-Instruct', '--tensor-parallel-size', '2'],
      env: { VLLM_LOGGING_LEVEL: 'WARNING' },
      portHttp: 8000,
      probes: { startup: '/health', ready: '/health', live: '/health', startupSecondsMax: 605 },
      metricNames: {
        running: 'vllm:num_requests_running',
        waiting: 'vllm:num_requests_waiting',
        kvUsage: 'vllm:kv_cache_usage_perc',
        timeToFirstToken: 'vllm:time_to_first_token_seconds',
        timePerOutputToken: 'vllm:inter_token_latency_seconds',
      },
      resources: { 'nvidia.com/gpu': 2, cpu: 8, memory: 64 * 1024 ** 3 },
    },
    workload: { inputTokens: 1024, outputTokens: 256, concurrency: 32 },
    predicted: {
      timeToFirstTokenMs: interval,
      timePerOutputTokenMs: interval,
      endToEndMs: interval,
      outputTokensPerSecond: interval,
      basis: 'analytical',
      meetsObjective: true,
    },
    reasons: [],
    ...overrides,
  }
}
