/** SGLang: arguments, images, metric names and overheads. */
import type { HardwareProfile, LaunchSpec, ModelSpec } from '@bud-foundry/core'
import { breakDownMemory } from '../memory/fit.ts'
import { nativeWeights } from '../memory/precision.ts'
import { resolveSettingsFor, type ServingSettings, type Speculative } from '../settings.ts'
import { refuseAnywhere } from './engine-limits.ts'
import { launchResources, startupSeconds } from './launch-parts.ts'
import type { ServingEngine } from './serving-engine.ts'

const version = '0.5.18'

const image = (hardware: HardwareProfile) =>
  hardware.vendor !== 'AMD'
    ? `lmsysorg/sglang:v${version}`
    : `lmsysorg/sglang:v${version}-rocm720-${hardware.generation === 'cdna4' ? 'mi35x' : 'mi30x'}`

const algorithms = { mtp: 'NEXTN', eagle: 'EAGLE3', 'draft-model': 'STANDALONE', ngram: 'NGRAM' } as const

/** One chain of guesses, no tree (docs.sglang.io, speculative decoding). */
const speculativeArguments = ({ method, tokens, draftModel }: Speculative): Record<string, string | number> => ({
  'speculative-algorithm': algorithms[method],
  ...(method === 'ngram' ? {} : { 'speculative-num-steps': tokens, 'speculative-eagle-topk': 1 }),
  'speculative-num-draft-tokens': tokens + 1,
  ...(draftModel === undefined ? {} : { 'speculative-draft-model-path': draftModel }),
})

function argumentsOf(model: ModelSpec, settings: ServingSettings): Record<string, string | number | boolean> {
  return {
    'tp-size': settings.tensor * settings.data,
    ...(settings.pipeline > 1 ? { 'pp-size': settings.pipeline } : {}),
    ...(settings.data > 1 ? { 'dp-size': settings.data, 'enable-dp-attention': true } : {}),
    ...(settings.expert > 1 ? { 'ep-size': settings.expert } : {}),
    'context-length': settings.maxModelTokens,
    'max-running-requests': settings.maxSequences,
    // -1 leaves prompts whole; then they are limited in sum.
    ...(settings.chunkedPrefill
      ? { 'chunked-prefill-size': settings.maxBatchedTokens }
      : { 'chunked-prefill-size': -1, 'max-prefill-tokens': Math.max(settings.maxBatchedTokens, settings.maxModelTokens) }),
    'mem-fraction-static': settings.memoryUtilization,
    ...(settings.kvCache === 'fp8' ? { 'kv-cache-dtype': 'fp8_e4m3' } : {}),
    ...(settings.weights === 'fp8' && nativeWeights(model) !== 'fp8' ? { quantization: 'fp8' } : {}),
    ...(settings.prefixCaching ? {} : { 'disable-radix-cache': true }),
    'enable-metrics': true,
    ...(settings.blockTokens === 16 ? {} : { 'page-size': settings.blockTokens }),
    ...(settings.speculative === undefined ? {} : speculativeArguments(settings.speculative)),
    ...(settings.lora === undefined
      ? {}
      : { 'enable-lora': true, 'max-loras-per-batch': settings.lora.adapters, 'max-lora-rank': settings.lora.rank }),
  }
}

const overhead: ServingEngine['overhead'] = () => ({ contextBytes: 0.8e9, graphBytes: 1.2e9, communicationBytes: 0.41e9 })

/** Images, arguments and metrics as of SGLang 0.5 (docs.sglang.io). */
export const sglang: ServingEngine = {
  contract: 'engine/1',
  id: 'sglang',
  name: 'SGLang',
  checkpoint: 'own',
  versions: [version],
  versionFor: () => version,
  timing: {
    stepSeconds: 0.2e-3,
    sequenceSeconds: 19e-6,
    requestSeconds: 80e-3,
    promptTokenSeconds: 2e-6,
    scheduling: { mixedStepShare: 0.88, burstShare: 0.5, promptsAhead: 2 },
  },
  overhead,
  refuse: (model, settings, hardware) => {
    if (hardware.kind !== 'gpu') return `SGLang is not offered on ${hardware.kind === 'cpu' ? 'processors' : hardware.name} here`
    if (hardware.vendor !== 'NVIDIA' && hardware.vendor !== 'AMD') return `SGLang is not planned on ${hardware.name} here`
    if (hardware.generation === 'volta' || hardware.generation === 'turing') return `SGLang needs a newer chip than ${hardware.name}`
    if (settings.weights === 'int4' && nativeWeights(model) !== 'int4')
      return 'SGLang needs a checkpoint that is already quantized to 4 bits'
    if (settings.speculative?.method === 'eagle' && settings.speculative.draftModel === undefined)
      return 'SGLang needs the repository of the EAGLE head: give speculative.draftModel (--draft-model)'
    return refuseAnywhere(model, settings, hardware)
  },
  argumentsOf,
  // docs.sglang.io, PD disaggregation.
  disaggregate: (role) => ({ 'disaggregation-mode': role, 'disaggregation-transfer-backend': 'nixl' }),
  tunables: () => [
    { name: 'maxSequences', values: [32, 64, 128, 256, 512, 1024] },
    { name: 'maxBatchedTokens', values: [4096, 8192, 16_384] },
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
      image: image(hardware),
      command: ['python3', '-m', 'sglang.launch_server'],
      args: [
        ...['--model-path', model.id, '--served-model-name', model.id, '--host', '0.0.0.0', '--port', '30000'],
        ...Object.entries(argumentsOf(model, settings)).flatMap(([name, value]) =>
          value === true ? [`--${name}`] : [`--${name}`, String(value)],
        ),
      ],
      env: {},
      portHttp: 30_000,
      probes: { startup: '/health', ready: '/health', live: '/health', startupSecondsMax: startupSeconds(model) },
      metricNames: {
        running: 'sglang:num_running_reqs',
        waiting: 'sglang:num_queue_reqs',
        kvUsage: 'sglang:token_usage',
        timeToFirstToken: 'sglang:time_to_first_token_seconds',
        timePerOutputToken: 'sglang:inter_token_latency_seconds',
      },
      resources: launchResources(model, settings, hardware),
    }
  },
}
