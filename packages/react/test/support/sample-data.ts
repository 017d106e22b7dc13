/** Made-up but plausible events, series and plans for tests; not recorded from a server. */
import type { Attempt, DeploymentPlan, RequestEvent } from '@bud-foundry/core'

export const nowUnixMs = 1_763_870_400_000

export function sampleRequest(change: Partial<RequestEvent> = {}): RequestEvent {
  return {
    id: 'req_0001',
    timeUnixMs: nowUnixMs,
    kind: 'request',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    projectId: 'default',
    keyId: 'key_console',
    operation: 'chat',
    dialect: 'openai-chat',
    stream: true,
    requestedModel: 'llama-3.1-8b',
    model: 'llama-3.1-8b',
    targetId: 'twin-a',
    providerId: 'openai-compatible',
    status: 200,
    outcome: 'success',
    finishReason: 'stop',
    durationMs: 1_840,
    timeToFirstTokenMs: 92,
    timePerOutputTokenMs: 7.2,
    overheadMs: 0.31,
    inputTokens: 412,
    cachedInputTokens: 128,
    cacheWriteInputTokens: 0,
    outputTokens: 244,
    reasoningTokens: 0,
    usageSource: 'upstream',
    cache: 'none',
    requestBytes: 1_204,
    responseBytes: 18_422,
    attempts: [sampleAttempt()],
    userAgent: 'OpenAI/JS 7.57.0',
    tags: {},
    ...change,
  }
}

export function sampleAttempt(change: Partial<Attempt> = {}): Attempt {
  return {
    targetId: 'twin-a',
    providerId: 'openai-compatible',
    startMs: 0.4,
    durationMs: 1_839,
    status: 200,
    outcome: 'success',
    timeToFirstTokenMs: 91,
    ...change,
  }
}

export function sampleFailover(): RequestEvent {
  return sampleRequest({
    id: 'req_failover',
    targetId: 'twin-b',
    durationMs: 2_410,
    timeToFirstTokenMs: 610,
    attempts: [
      {
        targetId: 'twin-a',
        providerId: 'openai-compatible',
        startMs: 0.4,
        durationMs: 502,
        status: 503,
        outcome: 'error',
        errorCode: 'GATEWAY_UPSTREAM_FAILED',
      },
      sampleAttempt({ targetId: 'twin-b', startMs: 505, durationMs: 1_900, timeToFirstTokenMs: 104 }),
    ],
  })
}

const gib = 1024 ** 3

export function samplePlan(change: Partial<DeploymentPlan> = {}): DeploymentPlan {
  return {
    schemaVersion: 1,
    name: 'llama-3-1-8b',
    model: { id: 'meta-llama/Meta-Llama-3.1-8B', servedName: 'llama-3.1-8b', downloadBytes: 16_060_000_000 },
    engine: { id: 'vllm', version: '0.11.0' },
    hardwareId: 'h100-sxm',
    replicas: 2,
    parallelism: { tensor: 1, pipeline: 1, expert: 1, data: 1 },
    devicesPerReplica: 1,
    nodesPerReplica: 1,
    precision: { weights: 'fp8', kvCache: 'fp8' },
    settings: { 'max-num-seqs': 256 },
    memoryPerDevice: {
      weightsBytes: 8.6 * gib,
      kvCacheBytes: 55.2 * gib,
      activationsBytes: 3.1 * gib,
      overheadBytes: 2.4 * gib,
      capacityBytes: 80 * gib,
    },
    launch: {
      image: 'vllm/vllm-openai:v0.11.0',
      command: ['vllm', 'serve'],
      args: [
        'meta-llama/Meta-Llama-3.1-8B',
        '--tensor-parallel-size',
        '1',
        '--quantization',
        'fp8',
        '--max-num-seqs',
        '256',
        '--enable-prefix-caching',
      ],
      env: {},
      portHttp: 8000,
      probes: { startup: '/health', ready: '/health', live: '/health', startupSecondsMax: 900 },
      metricNames: { running: 'a', waiting: 'b', kvUsage: 'c', timeToFirstToken: 'd', timePerOutputToken: 'e' },
      resources: { 'nvidia.com/gpu': 1 },
    },
    workload: { inputTokens: 1024, outputTokens: 256, concurrency: 32 },
    objective: { timeToFirstTokenMs: 200, timePerOutputTokenMs: 20 },
    predicted: {
      timeToFirstTokenMs: { low: 61, mid: 78, high: 104 },
      timePerOutputTokenMs: { low: 6.9, mid: 8.1, high: 9.9 },
      endToEndMs: { low: 1_800, mid: 2_150, high: 2_640 },
      outputTokensPerSecond: { low: 3_240, mid: 3_950, high: 4_610 },
      basis: 'analytical',
      meetsObjective: true,
    },
    cost: { usdPerHour: 5.98, usdPerMillionOutputTokens: 0.42 },
    reasons: [
      'One device holds the weights in fp8 with 55 GiB left for the KV cache, so no split is needed.',
      'Two replicas carry 32 requests in flight with the first token well inside 200 ms.',
      'Memory bandwidth binds at this batch size: more tensor parallelism would cost a device and win 11 %.',
    ],
    ...change,
  }
}

export function samplePlans(): readonly DeploymentPlan[] {
  return [
    samplePlan(),
    samplePlan({
      name: 'llama-3-1-8b-tp2',
      replicas: 1,
      devicesPerReplica: 2,
      parallelism: { tensor: 2, pipeline: 1, expert: 1, data: 1 },
      precision: { weights: 'bf16', kvCache: 'fp8' },
      memoryPerDevice: {
        weightsBytes: 8 * gib,
        kvCacheBytes: 52 * gib,
        activationsBytes: 3.6 * gib,
        overheadBytes: 3 * gib,
        capacityBytes: 80 * gib,
      },
      predicted: {
        ...samplePlan().predicted,
        timeToFirstTokenMs: { low: 48, mid: 59, high: 82 },
        outputTokensPerSecond: { low: 2_700, mid: 3_310, high: 3_900 },
      },
      cost: { usdPerHour: 5.98, usdPerMillionOutputTokens: 0.5 },
      reasons: ['The split shortens the first token, and the collective after each layer costs throughput.'],
    }),
    samplePlan({
      name: 'llama-3-1-8b-l40s',
      hardwareId: 'l40s',
      replicas: 2,
      precision: { weights: 'fp8', kvCache: 'fp8' },
      memoryPerDevice: {
        weightsBytes: 8.6 * gib,
        kvCacheBytes: 28 * gib,
        activationsBytes: 2.4 * gib,
        overheadBytes: 1.9 * gib,
        capacityBytes: 48 * gib,
      },
      predicted: {
        ...samplePlan().predicted,
        timeToFirstTokenMs: { low: 190, mid: 236, high: 310 },
        timePerOutputTokenMs: { low: 17, mid: 21.4, high: 26 },
        outputTokensPerSecond: { low: 1_100, mid: 1_420, high: 1_700 },
        meetsObjective: false,
      },
      cost: { usdPerHour: 1.72, usdPerMillionOutputTokens: 0.34 },
      reasons: ['Cheapest per token, but misses 20 ms per output token at 32 requests in flight.'],
    }),
  ]
}

export const sampleYaml = `apiVersion: v1
kind: Namespace
metadata:
  name: bud-models
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: llama-3-1-8b
  namespace: bud-models
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: llama-3-1-8b
  template:
    metadata:
      labels:
        app.kubernetes.io/name: llama-3-1-8b
    spec:
      containers:
        - name: engine
          image: vllm/vllm-openai:v0.11.0
          command: [vllm, serve]
          args: [meta-llama/Meta-Llama-3.1-8B, --tensor-parallel-size, "1"]
          resources:
            limits:
              nvidia.com/gpu: "1"
---
apiVersion: v1
kind: Service
metadata:
  name: llama-3-1-8b
  namespace: bud-models
spec:
  ports:
    - port: 80
      targetPort: 8000
`

export const sampleManifests = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bud-models' } },
  { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'llama-3-1-8b', namespace: 'bud-models' } },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'llama-3-1-8b', namespace: 'bud-models' } },
]
