/** Hugging Face Text Generation Inference: arguments, images, metric names and overheads. */
import type { HardwareProfile, LaunchSpec, ModelSpec } from '@bud-foundry/core'
import { breakDownMemory } from '../memory/fit.ts'
import { nativeWeights } from '../memory/precision.ts'
import { devicesOf, resolveSettingsFor, type ServingSettings } from '../settings.ts'
import { refuseAnywhere } from './engine-limits.ts'
import { launchResources, startupSeconds } from './launch-parts.ts'
import type { ServingEngine } from './serving-engine.ts'

const version = '3.3.6'

const suffixes: Readonly<Partial<Record<string, string>>> = { AMD: '-rocm', Intel: '-gaudi' }
const image = (hardware: HardwareProfile) =>
  `ghcr.io/huggingface/text-generation-inference:${version}${hardware.kind === 'cpu' ? '-intel-cpu' : (suffixes[hardware.vendor] ?? '')}`

function argumentsOf(model: ModelSpec, settings: ServingSettings): Record<string, string | number | boolean> {
  return {
    'num-shard': settings.tensor,
    'max-total-tokens': settings.maxModelTokens,
    'max-input-tokens': settings.maxModelTokens - 1,
    'max-concurrent-requests': Math.max(128, settings.maxSequences),
    'max-batch-size': settings.maxSequences,
    'max-batch-prefill-tokens': Math.max(settings.maxBatchedTokens, settings.maxModelTokens),
    'cuda-memory-fraction': settings.memoryUtilization,
    ...(settings.kvCache === 'fp8' ? { 'kv-cache-dtype': 'fp8_e4m3fn' } : {}),
    ...(settings.weights === 'fp8' && nativeWeights(model) !== 'fp8' ? { quantize: 'fp8' } : {}),
    ...(settings.speculative === undefined ? {} : { speculate: settings.speculative.tokens }),
  }
}

const overhead: ServingEngine['overhead'] = (_model, hardware) =>
  hardware.kind === 'cpu'
    ? { contextBytes: 2e9, graphBytes: 0, communicationBytes: 0 }
    : { contextBytes: 0.7e9, graphBytes: 0.9e9, communicationBytes: 0.41e9 }

/** Images and arguments as of TGI 3.3 (huggingface.co/docs/text-generation-inference). Its timing is taken to be vLLM's: none was measured. */
export const tgi: ServingEngine = {
  contract: 'engine/1',
  id: 'tgi',
  name: 'TGI',
  predictedAs: 'vllm',
  unmeasured: true,
  checkpoint: 'own',
  versions: [version],
  versionFor: () => version,
  timing: { stepSeconds: 0.75e-3, sequenceSeconds: 14e-6, requestSeconds: 18e-3, promptTokenSeconds: 2e-6 },
  overhead,
  refuse: (model, settings, hardware) => {
    if (hardware.vendor === 'Apple' || hardware.kind === 'tpu' || hardware.kind === 'npu')
      return `TGI is not planned on ${hardware.name} here`
    if (hardware.vendor === 'AMD' && hardware.kind === 'cpu') return 'TGI is built for Intel processors only'
    if (hardware.generation === 'volta') return `TGI needs a newer chip than ${hardware.name}`
    if (settings.pipeline > 1 || settings.data > 1 || settings.expert > 1) return 'TGI splits a model by tensor parallelism only'
    if (devicesOf(settings) > hardware.devicesPerNode) return 'TGI does not span nodes'
    if (settings.speculative !== undefined && settings.speculative.method !== 'ngram') return 'TGI guesses tokens from n-grams only here'
    if (settings.lora !== undefined) return 'TGI loads adapters by name, which is not planned'
    if (settings.weights === 'int4' && nativeWeights(model) !== 'int4') return 'TGI needs a checkpoint that is already quantized to 4 bits'
    return refuseAnywhere(model, settings, hardware)
  },
  argumentsOf,
  tunables: () => [
    { name: 'maxSequences', values: [32, 64, 128, 256, 512] },
    { name: 'maxBatchedTokens', values: [4096, 8192] },
    { name: 'kvCache', values: ['bf16', 'fp8'] },
    { name: 'prefixCaching', values: [true, false] },
  ],
  memory: (model, settings, hardware) =>
    breakDownMemory({ model, hardware, settings: resolveSettingsFor(model, settings), overhead: overhead(model, hardware) }),
  launch: (model, given, hardware): LaunchSpec => {
    const settings = resolveSettingsFor(model, given)
    return {
      image: image(hardware),
      command: ['text-generation-launcher'],
      args: [
        ...['--model-id', model.id, '--hostname', '0.0.0.0', '--port', '8080'],
        ...Object.entries(argumentsOf(model, settings)).flatMap(([name, value]) => [`--${name}`, String(value)]),
      ],
      env: { PREFIX_CACHING: settings.prefixCaching ? '1' : '0' },
      portHttp: 8080,
      probes: { startup: '/health', ready: '/health', live: '/health', startupSecondsMax: startupSeconds(model) },
      metricNames: {
        running: 'tgi_batch_current_size',
        waiting: 'tgi_queue_size',
        // It publishes neither its cache use nor the time to first token; these are the nearest it has.
        kvUsage: 'tgi_batch_current_max_tokens',
        timeToFirstToken: 'tgi_request_queue_duration',
        timePerOutputToken: 'tgi_request_mean_time_per_token_duration',
      },
      resources: launchResources(model, settings, hardware),
    }
  },
}
