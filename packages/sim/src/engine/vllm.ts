/** vLLM: arguments, images, metric names and overheads. */
import type { HardwareProfile, LaunchSpec, ModelSpec } from '@bud-foundry/core'
import { breakDownMemory } from '../memory/fit.ts'
import { nativeWeights } from '../memory/precision.ts'
import { resolveSettingsFor, type ServingSettings, type Speculative } from '../settings.ts'
import { refuseAnywhere } from './engine-limits.ts'
import { launchResources, startupSeconds } from './launch-parts.ts'
import type { ServingEngine } from './serving-engine.ts'

// Docker Hub vllm/vllm-openai and rocm/vllm, the project's public CPU registry, and the Gaudi build of OPEA.
function target(hardware: HardwareProfile): { readonly image: string; readonly version: string } {
  if (hardware.kind === 'cpu') return { image: 'public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:v0.12.0', version: '0.12.0' }
  // Docker Hub vllm/vllm-tpu; AWS's deep learning containers for Neuron.
  if (hardware.kind === 'tpu') return { image: 'vllm/vllm-tpu:v0.11.1', version: '0.11.1' }
  if (hardware.kind === 'npu')
    return { image: 'public.ecr.aws/neuron/pytorch-inference-vllm-neuronx:0.11.0-neuronx-py310-sdk2.26.1-ubuntu22.04', version: '0.11.0' }
  if (hardware.kind === 'hpu') return { image: 'opea/vllm-gaudi:1.22.0', version: '1.22.0' }
  if (hardware.vendor === 'AMD') return { image: 'rocm/vllm:rocm7.0.0_vllm_0.11.2_20251210', version: '0.11.2' }
  return { image: 'vllm/vllm-openai:v0.18.0', version: '0.18.0' }
}

function argumentsOf(model: ModelSpec, settings: ServingSettings, hardware: HardwareProfile): Record<string, string | number | boolean> {
  const { tensor, pipeline, data, expert } = settings
  return {
    'tensor-parallel-size': tensor,
    ...(pipeline > 1 ? { 'pipeline-parallel-size': pipeline } : {}),
    ...(data > 1 ? { 'data-parallel-size': data } : {}),
    ...(expert > 1 ? { 'enable-expert-parallel': true } : {}),
    'max-model-len': settings.maxModelTokens,
    'max-num-seqs': settings.maxSequences,
    'max-num-batched-tokens': settings.maxBatchedTokens,
    ...(hardware.kind === 'cpu' ? {} : { 'gpu-memory-utilization': settings.memoryUtilization }),
    ...(settings.kvCache === 'fp8' ? { 'kv-cache-dtype': 'fp8' } : {}),
    // Checkpoints that are quantized say so themselves; only quantizing while loading is asked for.
    ...(settings.weights === 'fp8' && nativeWeights(model) !== 'fp8' ? { quantization: 'fp8' } : {}),
    ...(hardware.flopsPerSecond.bf16 === undefined ? { dtype: 'half' } : {}),
    'enable-prefix-caching': settings.prefixCaching,
    'enable-chunked-prefill': settings.chunkedPrefill,
    // What the engine takes on its own for a chip is left to it.
    ...(settings.blockTokens === 16 ? {} : { 'block-size': settings.blockTokens }),
    ...(settings.speculative === undefined ? {} : { 'speculative-config': toSpeculativeConfig(settings.speculative) }),
    ...(settings.lora === undefined
      ? {}
      : { 'enable-lora': true, 'max-loras': settings.lora.adapters, 'max-lora-rank': roundRank(settings.lora.rank) }),
  }
}

/** The value of --speculative-config (docs.vllm.ai, vllm.config.speculative). */
function toSpeculativeConfig({ method, tokens, draftModel }: Speculative): string {
  return JSON.stringify({
    method: method === 'eagle' ? 'eagle3' : method,
    num_speculative_tokens: tokens,
    ...(draftModel === undefined ? {} : { model: draftModel }),
    ...(method === 'ngram' ? { prompt_lookup_max: 4, prompt_lookup_min: 2 } : {}),
  })
}

/** vLLM accepts these ranks only. */
const roundRank = (rank: number): number => [8, 16, 32, 64, 128, 256, 320, 512].find((known) => known >= rank) ?? rank

function toFlags(values: Readonly<Record<string, string | number | boolean>>): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : value === false ? [`--no-${name}`] : [`--${name}`, String(value)],
  )
}

function refuseHere(settings: ServingSettings, hardware: HardwareProfile): string | undefined {
  const { speculative, lora } = settings
  if (speculative?.method === 'draft-model') return 'guessing with a separate draft model is not planned for vLLM; use eagle, mtp or ngram'
  if (speculative?.method === 'eagle' && speculative.draftModel === undefined)
    return 'vLLM needs the repository of the EAGLE head: give speculative.draftModel (--draft-model)'
  if (speculative !== undefined && hardware.kind !== 'gpu') return `speculative decoding is not offered on ${hardware.name}`
  if (lora !== undefined && lora.rank > 512) return 'vLLM takes adapters of rank 512 at most'
  if (hardware.kind === 'npu' || hardware.kind === 'tpu') return refuseOnXla(settings, hardware)
  if (hardware.vendor === 'Apple') return `vLLM is not offered on ${hardware.name} here; llama.cpp is`
  return undefined
}

/** The plug-ins for TPU and Neuron devices serve what compiles ahead of time. */
function refuseOnXla(settings: ServingSettings, hardware: HardwareProfile): string | undefined {
  if (settings.pipeline > 1 || settings.data > 1 || settings.expert > 1) return `only tensor parallelism is planned on ${hardware.name}`
  if (settings.weights !== 'bf16' || settings.kvCache !== 'bf16') return `only 16-bit weights and cache are planned on ${hardware.name}`
  return undefined
}

const overhead: ServingEngine['overhead'] = (_model, hardware) =>
  hardware.kind === 'cpu'
    ? { contextBytes: 2e9, graphBytes: 0, communicationBytes: 0 }
    : // CUDA context and libraries of a worker, captured graphs, NCCL buffers (LLMServingSim's and AIConfigurator's measurements).
      { contextBytes: 0.7e9, graphBytes: 0.9e9, communicationBytes: 0.41e9 }

/** Images, arguments and metrics as of vLLM 0.18 (docs.vllm.ai); the images of other vendors' devices are older. */
export const vllm: ServingEngine = {
  contract: 'engine/1',
  id: 'vllm',
  name: 'vLLM',
  checkpoint: 'own',
  versions: ['0.18.0', '0.12.0', '0.11.2', '0.11.1', '0.11.0', '1.22.0'],
  versionFor: (hardware) => target(hardware).version,
  timing: { stepSeconds: 0.4e-3, sequenceSeconds: 17e-6, requestSeconds: 22e-3, promptTokenSeconds: 2e-6 },
  // Since 0.14 a step is scheduled while the one before it runs.
  olderTiming: {
    below: 14,
    timing: { stepSeconds: 1.5e-3, sequenceSeconds: 26e-6, requestSeconds: 40e-3, promptTokenSeconds: 2e-6 },
  },
  overhead,
  refuse: (model, settings, hardware) =>
    refuseAnywhere(model, settings, hardware) ??
    (settings.weights === 'int4' && nativeWeights(model) !== 'int4'
      ? 'vLLM needs a checkpoint that is already quantized to 4 bits'
      : undefined) ??
    refuseHere(settings, hardware),
  argumentsOf,
  // docs.vllm.ai, NixlConnector: both ends are alike, the router in front decides.
  disaggregate: () => ({ 'kv-transfer-config': JSON.stringify({ kv_connector: 'NixlConnector', kv_role: 'kv_both' }) }),
  tunables: () => [
    { name: 'maxSequences', values: [32, 64, 128, 256, 512, 1024] },
    { name: 'maxBatchedTokens', values: [2048, 8192, 16_384] },
    { name: 'kvCache', values: ['bf16', 'fp8'] },
    { name: 'prefixCaching', values: [true, false] },
    { name: 'chunkedPrefill', values: [true, false] },
    { name: 'blockTokens', values: [16, 32, 64] },
  ],
  memory: (model, settings, hardware) =>
    breakDownMemory({ model, hardware, settings: resolveSettingsFor(model, settings), overhead: overhead(model, hardware) }),
  launch: (model, given, hardware): LaunchSpec => {
    const settings = resolveSettingsFor(model, given)
    return {
      image: target(hardware).image,
      command: ['vllm', 'serve'],
      args: [
        model.id,
        '--served-model-name',
        model.id,
        '--host',
        '0.0.0.0',
        '--port',
        '8000',
        ...toFlags(argumentsOf(model, settings, hardware)),
      ],
      env:
        hardware.kind === 'cpu'
          ? { VLLM_CPU_KVCACHE_SPACE: String(Math.max(4, Math.floor((hardware.memoryBytes * settings.memoryUtilization) / 4 / 1024 ** 3))) }
          : {},
      portHttp: 8000,
      probes: { startup: '/health', ready: '/health', live: '/health', startupSecondsMax: startupSeconds(model) },
      metricNames: {
        running: 'vllm:num_requests_running',
        waiting: 'vllm:num_requests_waiting',
        kvUsage: 'vllm:kv_cache_usage_perc',
        timeToFirstToken: 'vllm:time_to_first_token_seconds',
        timePerOutputToken: 'vllm:inter_token_latency_seconds',
      },
      resources: launchResources(model, settings, hardware),
    }
  },
}
