/** Launch specs of engines that `sim` does not plan: Text Generation Inference, Infinity and Text Embeddings Inference. */
import type { LaunchSpec } from '@bud-foundry/core'

const GiB = 1024 ** 3

/** What to start, and on what. */
export interface ServedModelRequest {
  readonly engine: 'tgi' | 'infinity' | 'tei'
  readonly model: { readonly id: string; readonly servedName: string; readonly downloadBytes: number }
  /** Kubernetes name of the device's resource and how many; absent: processors only. */
  readonly devices?: { readonly resource: 'nvidia.com/gpu' | 'amd.com/gpu' | 'habana.ai/gaudi'; readonly count: number } | undefined
}

type Devices = ServedModelRequest['devices']

function resourcesFor({ model, devices }: ServedModelRequest): LaunchSpec['resources'] {
  const memory = Math.ceil((model.downloadBytes * (devices === undefined ? 1.5 : 0.25) + 8 * GiB) / GiB) * GiB
  return devices === undefined ? { cpu: 8, memory } : { [devices.resource]: devices.count, cpu: 2 + 2 * devices.count, memory }
}

/** Loading at 1 GB/s, and some patience; at most two hours. */
const startupSeconds = (downloadBytes: number) => Math.min(7200, 300 + Math.ceil(downloadBytes / 1e9))

const probesOf = ({ model }: ServedModelRequest): LaunchSpec['probes'] => ({
  startup: '/health',
  ready: '/health',
  live: '/health',
  startupSecondsMax: startupSeconds(model.downloadBytes),
})

// Images as the projects publish them; each device has its own build.
const images = {
  tgi: (devices: Devices) =>
    `ghcr.io/huggingface/text-generation-inference:3.3.6${devices?.resource === 'amd.com/gpu' ? '-rocm' : devices?.resource === 'habana.ai/gaudi' ? '-gaudi' : devices === undefined ? '-intel-cpu' : ''}`,
  infinity: (devices: Devices) =>
    `michaelf34/infinity:0.0.77${devices?.resource === 'amd.com/gpu' ? '-amd' : devices === undefined ? '-cpu' : ''}`,
  tei: (devices: Devices) =>
    `ghcr.io/huggingface/text-embeddings-inference:${devices === undefined ? 'cpu-1.8' : devices.resource === 'habana.ai/gaudi' ? 'hpu-1.8' : 'cuda-1.8'}`,
} as const

type Start = Pick<LaunchSpec, 'command' | 'args' | 'env' | 'portHttp' | 'metricNames'>

const starts: Readonly<Record<ServedModelRequest['engine'], (request: ServedModelRequest) => Start>> = {
  tgi: ({ model, devices }) => ({
    command: ['text-generation-launcher'],
    args: [
      '--model-id',
      model.id,
      '--hostname',
      '0.0.0.0',
      '--port',
      '8080',
      ...(devices === undefined ? [] : ['--num-shard', String(devices.count)]),
    ],
    env: {},
    portHttp: 8080,
    metricNames: {
      running: 'tgi_batch_current_size',
      waiting: 'tgi_queue_size',
      // It publishes no share of its cache; the size of the batch against its bound is the nearest.
      kvUsage: 'tgi_batch_current_max_tokens',
      timeToFirstToken: 'tgi_request_queue_duration',
      timePerOutputToken: 'tgi_request_mean_time_per_token_duration',
    },
  }),
  infinity: ({ model, devices }) => ({
    command: ['infinity_emb', 'v2'],
    args: [
      ...['--model-id', model.id, '--served-model-name', model.servedName, '--port', '7997', '--url-prefix', '/v1'],
      ...['--device', devices === undefined ? 'cpu' : 'cuda'],
    ],
    env: { DO_NOT_TRACK: '1' },
    portHttp: 7997,
    metricNames: {
      running: 'infinity_requests_in_progress',
      waiting: 'infinity_queue_depth',
      kvUsage: 'infinity_queue_depth',
      timeToFirstToken: 'http_request_duration_seconds',
      timePerOutputToken: 'http_request_duration_seconds',
    },
  }),
  tei: ({ model }) => ({
    command: [],
    args: ['--model-id', model.id, '--served-model-name', model.servedName, '--hostname', '0.0.0.0', '--port', '8080'],
    env: {},
    portHttp: 8080,
    metricNames: {
      running: 'te_batch_next_size',
      waiting: 'te_queue_size',
      kvUsage: 'te_queue_size',
      timeToFirstToken: 'te_request_queue_duration',
      timePerOutputToken: 'te_request_inference_duration',
    },
  }),
}

/**
 * How one of these engines serves a model on one node. Images, flags and metric names as of Text Generation Inference 3.3,
 * Infinity 0.0.77 and Text Embeddings Inference 1.8 (their documentation).
 */
export function launchServedModel(request: ServedModelRequest): LaunchSpec {
  const { engine, devices } = request
  return {
    image: images[engine](devices),
    ...starts[engine](request),
    probes: probesOf(request),
    resources: resourcesFor(request),
  }
}
