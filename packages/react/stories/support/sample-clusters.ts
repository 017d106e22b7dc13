/** A cluster, its deployments and operations, as the server tells them. */
import { nowUnixMs, samplePlan } from '../../test/support/sample-data.ts'

const node = (name: string, hardwareId: string | undefined, devices: number, available: number, rest: object = {}) => ({
  name,
  isReady: true,
  hardwareId,
  devices,
  available,
  sharing: devices === 0 ? undefined : 'whole',
  slices: [],
  cpu: '64',
  memory: '512Gi',
  pods: available < devices ? ['chat-7d9f-0', 'chat-7d9f-1'] : [],
  ...rest,
})

export const cluster = {
  id: 'demo',
  name: 'Demo cluster',
  isDemo: true,
  server: 'https://demo.invalid',
  version: 'v1.36.0',
  platform: 'kubernetes',
  nodes: [
    node('node-1', 'h100-sxm', 8, 6),
    node('node-2', 'l40s', 8, 8),
    node('node-3', 'a100-sxm-80gb', 4, 3, {
      sharing: 'mig',
      slices: [
        { profile: '3g.40gb', count: 2 },
        { profile: '1g.10gb', count: 8 },
      ],
      conditions: [
        { type: 'MemoryPressure', isTrue: false, message: 'kubelet has sufficient memory available' },
        { type: 'DiskPressure', isTrue: true, message: 'kubelet has disk pressure' },
        { type: 'Ready', isTrue: true, message: 'kubelet is posting ready status' },
      ],
      system: {
        architecture: 'amd64',
        os: 'Ubuntu 24.04.1 LTS',
        kernel: '6.8.0-49-generic',
        kubelet: 'v1.36.0',
        runtime: 'containerd://2.1.0',
      },
    }),
    node('node-5', 'l4', 2, 2, { sharing: 'hami', slices: [{ profile: 'hami', count: 20 }] }),
    node('node-4', undefined, 0, 0, { isReady: false }),
  ],
  findings: [],
}

const deployment = { name: 'llama-3-1-8b', namespace: 'bud-inference' }

export const deployed = {
  deployment,
  status: 'progressing',
  replicas: 2,
  readyReplicas: 1,
  problem: 'pod llama-3-1-8b-7d9f-1 is not ready: ContainerCreating',
  pods: [
    { name: 'llama-3-1-8b-7d9f-0', nodeName: 'node-1', phase: 'Running', ready: true, restarts: 0 },
    { name: 'llama-3-1-8b-7d9f-1', nodeName: 'node-1', phase: 'Pending', ready: false, restarts: 2, reason: 'ContainerCreating' },
  ],
  plan: samplePlan(),
  costUsdPerHour: 5.98,
}

const event = (step: string, state: string, seconds: number, resource = 'Deployment bud-inference/llama-3-1-8b') => ({
  timeUnixMs: nowUnixMs + seconds * 1_000,
  step,
  resource,
  state,
})

export const operation = {
  id: 'op-1',
  kind: 'deploy',
  deployment,
  status: 'running',
  startedUnixMs: nowUnixMs,
  done: 4,
  total: 6,
  etaSeconds: 42,
  events: [
    event('verify_cluster_connection', 'done', 1, 'https://demo.invalid'),
    event('deploy_to_engine', 'done', 3),
    event('verify_deployment_status', 'started', 4, 'llama-3-1-8b'),
  ],
}

export const changes = {
  id: 'c1',
  deployment,
  changes: [
    { action: 'create', resource: 'NetworkPolicy bud-inference/llama-3-1-8b', fields: [] },
    {
      action: 'update',
      resource: 'Deployment bud-inference/llama-3-1-8b',
      fields: [{ path: 'spec.replicas', before: 1, after: 2 }],
    },
    { action: 'delete', resource: 'PersistentVolumeClaim bud-inference/llama-3-1-8b', fields: [] },
  ],
  costUsdPerHour: 5.98,
  costUsdPerMonth: 4365.4,
  findings: [{ severity: 'warning', message: 'PersistentVolumeClaim bud-inference/llama-3-1-8b is deleted with the weights on it' }],
}

export const logs = {
  data: [
    { timeUnixMs: nowUnixMs, replica: 0, text: 'ready on port 8000' },
    { timeUnixMs: nowUnixMs + 900, replica: 1, text: 'loading weights' },
  ],
}

/** As the scaler of the cluster package decides, in outline. */
export const scalePreview = {
  points: Array.from({ length: 60 }, (_, index) => {
    const requests = 90 * Math.max(0, Math.sin((index / 59) * Math.PI)) ** 2
    const replicas = Math.max(1, Math.ceil(requests / 16))
    return { seconds: index * 60, requests, replicas, readyReplicas: Math.max(1, replicas - (index < 30 ? 1 : 0)), waiting: 0, reasons: [] }
  }),
  replicaHours: 4.1,
  usd: 12.26,
  servedShare: 0.73,
}

const measured = {
  id: 'b1',
  deployment,
  endedUnixMs: nowUnixMs,
  model: 'meta-llama/Meta-Llama-3.1-8B',
  hardwareId: 'h100-sxm',
  replicas: 2,
  isSimulated: true,
  load: { concurrency: 32, inputTokens: 1024, outputTokens: 256 },
  completed: 320,
  failed: 0,
  durationSeconds: 20.4,
  requestsPerSecond: 15.7,
  outputTokensPerSecond: 4012,
  timeToFirstTokenMs: { mean: 84, p50: 81, p95: 122, p99: 140 },
  timePerOutputTokenMs: { mean: 7.9, p50: 7.8, p99: 9.4 },
  endToEndMs: { mean: 2110, p50: 2098 },
  predicted: samplePlan().predicted,
}
export const benchmarks = {
  data: [measured, { ...measured, id: 'b2', isSimulated: false, failed: 4, endedUnixMs: nowUnixMs - 86_400_000, predicted: undefined }],
}
