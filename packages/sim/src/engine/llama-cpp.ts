/** llama.cpp's server: arguments, images, metric names and overheads. */
import type { HardwareProfile, LaunchSpec, ModelSpec } from '@bud-foundry/core'
import { breakDownMemory } from '../memory/fit.ts'
import { resolveSettingsFor, type ServingSettings } from '../settings.ts'
import { refuseAnywhere } from './engine-limits.ts'
import { launchResources, startupSeconds } from './launch-parts.ts'
import type { ServingEngine } from './serving-engine.ts'

const build = 'b10731'

function image(hardware: HardwareProfile): string {
  const flavour = hardware.kind === 'cpu' ? 'server' : hardware.vendor === 'AMD' ? 'server-rocm' : 'server-cuda'
  return `ghcr.io/ggml-org/llama.cpp:${flavour}-${build}`
}

// GGUF names: Q4_K_M averages about 4.85 bits a weight, Q8_0 8.5.
const fileTypes: Readonly<Record<string, string>> = { int4: 'Q4_K_M', int8: 'Q8_0', bf16: 'BF16', fp16: 'F16' }

function argumentsOf(_model: ModelSpec, settings: ServingSettings, hardware: HardwareProfile): Record<string, string | number | boolean> {
  return {
    // The context is shared by all slots.
    'ctx-size': settings.maxModelTokens * settings.maxSequences,
    parallel: settings.maxSequences,
    'batch-size': settings.maxBatchedTokens,
    'n-gpu-layers': hardware.kind === 'cpu' ? 0 : 999,
    metrics: true,
  }
}

const overhead: ServingEngine['overhead'] = (_model, hardware) => ({
  contextBytes: hardware.kind === 'cpu' ? 0.3e9 : 0.6e9,
  graphBytes: 0,
  communicationBytes: 0.2e9,
})

/** Images and arguments as of llama.cpp build b10731 (tools/server/README.md). */
export const llamaCpp: ServingEngine = {
  contract: 'engine/1',
  id: 'llama-cpp',
  name: 'llama.cpp',
  unmeasured: true,
  checkpoint: 'gguf',
  versions: [build],
  versionFor: () => build,
  timing: { stepSeconds: 1.5e-3, sequenceSeconds: 60e-6, requestSeconds: 4e-3, promptTokenSeconds: 1e-6 },
  overhead,
  refuse: (model, settings, hardware) => {
    if (fileTypes[settings.weights] === undefined) return `llama.cpp has no ${settings.weights} weights here; use int4, int8, bf16 or fp16`
    if (hardware.kind === 'hpu') return `llama.cpp does not run on ${hardware.name}`
    if (settings.tensor * settings.pipeline * settings.data > 1) return 'only one device for each llama.cpp replica is simulated'
    if (settings.maxSequences > 64) return 'llama.cpp is meant for at most 64 parallel slots'
    if (hardware.kind === 'tpu' || hardware.kind === 'npu') return `llama.cpp does not run on ${hardware.name}`
    if (settings.speculative !== undefined || settings.lora !== undefined)
      return 'speculation and adapters need GGUF files of their own in llama.cpp, which are not planned'
    if (!settings.chunkedPrefill || settings.blockTokens !== 16) return 'llama.cpp has neither blocks nor a switch for chunked prefill'
    if (settings.kvCache === 'fp8') return 'llama.cpp keeps its cache in 16 bits here'
    return refuseAnywhere(model, settings, hardware)
  },
  argumentsOf,
  tunables: () => [{ name: 'maxSequences', values: [1, 4, 8, 16, 32] }],
  memory: (model, settings, hardware) =>
    breakDownMemory({ model, hardware, settings: resolveSettingsFor(model, settings), overhead: overhead(model, hardware) }),
  launch: (model, given, hardware): LaunchSpec => {
    const settings = resolveSettingsFor(model, given)
    return {
      image: image(hardware),
      command: ['/app/llama-server'],
      args: [
        // By convention the GGUF conversion lives beside the original, under the same name with this suffix.
        ...[
          '--hf-repo',
          `${model.id}-GGUF:${fileTypes[settings.weights] ?? 'Q4_K_M'}`,
          '--alias',
          model.id,
          '--host',
          '0.0.0.0',
          '--port',
          '8080',
        ],
        ...Object.entries(argumentsOf(model, settings, hardware)).flatMap(([name, value]) =>
          value === true ? [`--${name}`] : [`--${name}`, String(value)],
        ),
      ],
      env: {},
      portHttp: 8080,
      probes: { startup: '/health', ready: '/health', live: '/health', startupSecondsMax: startupSeconds(model) },
      metricNames: {
        running: 'llamacpp:requests_processing',
        waiting: 'llamacpp:requests_deferred',
        // It publishes neither its cache use nor latency histograms; these are the nearest it has.
        kvUsage: 'llamacpp:n_busy_slots_per_decode',
        timeToFirstToken: 'llamacpp:prompt_seconds_total',
        timePerOutputToken: 'llamacpp:tokens_predicted_seconds_total',
      },
      resources: launchResources(model, settings, hardware),
    }
  },
}
