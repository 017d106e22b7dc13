/** TensorRT-LLM with its PyTorch backend: arguments, image, metric names and overheads. */
import type { LaunchSpec, ModelSpec } from '@bud-foundry/core'
import { breakDownMemory } from '../memory/fit.ts'
import { nativeWeights } from '../memory/precision.ts'
import { resolveSettingsFor, type ServingSettings } from '../settings.ts'
import { refuseAnywhere } from './engine-limits.ts'
import { launchResources, startupSeconds } from './launch-parts.ts'
import type { ServingEngine } from './serving-engine.ts'

const version = '1.0.0'

function argumentsOf(_model: ModelSpec, settings: ServingSettings): Record<string, string | number | boolean> {
  return {
    backend: 'pytorch',
    tp_size: settings.tensor,
    ...(settings.pipeline > 1 ? { pp_size: settings.pipeline } : {}),
    ...(settings.expert > 1 ? { ep_size: settings.expert } : {}),
    max_seq_len: settings.maxModelTokens,
    max_batch_size: settings.maxSequences,
    max_num_tokens: settings.maxBatchedTokens,
    kv_cache_free_gpu_memory_fraction: settings.memoryUtilization,
  }
}

const overhead: ServingEngine['overhead'] = () => ({ contextBytes: 1.0e9, graphBytes: 1.5e9, communicationBytes: 0.41e9 })

/** Images and arguments as of TensorRT-LLM 1.0 (nvidia.github.io/TensorRT-LLM). */
export const tensorrtLlm: ServingEngine = {
  contract: 'engine/1',
  id: 'tensorrt-llm',
  name: 'TensorRT-LLM',
  checkpoint: 'own',
  versions: [version],
  versionFor: () => version,
  timing: {
    stepSeconds: 0.05e-3,
    sequenceSeconds: 15e-6,
    requestSeconds: 45e-3,
    promptTokenSeconds: 2e-6,
    scheduling: { mixedStepShare: 1, burstShare: 0.14, promptsAhead: 1.8 },
  },
  // Its scheduler's policy is GUARANTEED_NO_EVICT unless it is told otherwise (nvidia.github.io/TensorRT-LLM).
  reservesAnswers: true,
  overhead,
  refuse: (model, settings, hardware) => {
    if (hardware.vendor !== 'NVIDIA') return 'TensorRT-LLM runs on NVIDIA devices only'
    if (hardware.generation === 'volta' || hardware.generation === 'turing') return `TensorRT-LLM needs a newer chip than ${hardware.name}`
    if (settings.weights !== nativeWeights(model))
      return 'TensorRT-LLM serves the checkpoint in its own precision; give one that is quantized'
    if (settings.kvCache === 'fp8' && model.quantization?.kvCache !== 'fp8')
      return 'TensorRT-LLM takes an 8-bit cache from the checkpoint, and this one does not ask for it'
    if (settings.speculative !== undefined || settings.lora !== undefined)
      return 'trtllm-serve takes speculation and adapters from a file of its own, which a launch cannot carry'
    if (!settings.chunkedPrefill || settings.blockTokens !== 16)
      return 'trtllm-serve takes chunked prefill and block size from a file of its own'
    if (settings.data > 1) return 'data-parallel attention is not simulated for TensorRT-LLM'
    return refuseAnywhere(model, settings, hardware)
  },
  argumentsOf,
  tunables: () => [
    { name: 'maxSequences', values: [32, 64, 128, 256, 512, 1024] },
    { name: 'maxBatchedTokens', values: [2048, 8192, 16_384] },
  ],
  memory: (model, settings, hardware) =>
    breakDownMemory({ model, hardware, settings: resolveSettingsFor(model, settings), overhead: overhead(model, hardware) }),
  launch: (model, given, hardware): LaunchSpec => {
    const settings = resolveSettingsFor(model, given)
    return {
      image: `nvcr.io/nvidia/tensorrt-llm/release:${version}`,
      command: ['trtllm-serve'],
      args: [
        ...[model.id, '--host', '0.0.0.0', '--port', '8000'],
        ...Object.entries(argumentsOf(model, settings)).flatMap(([name, value]) => [`--${name}`, String(value)]),
      ],
      env: {},
      portHttp: 8000,
      probes: { startup: '/health', ready: '/health', live: '/health', startupSecondsMax: startupSeconds(model) },
      metricNames: {
        running: 'trtllm_num_requests_running',
        waiting: 'trtllm_num_requests_waiting',
        kvUsage: 'trtllm_kv_cache_utilization',
        timeToFirstToken: 'trtllm_time_to_first_token_seconds',
        timePerOutputToken: 'trtllm_time_per_output_token_seconds',
      },
      resources: launchResources(model, settings, hardware),
    }
  },
}
