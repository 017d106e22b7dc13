/** One plan for every engine that can be deployed, started as `sim` and this package start it. */
import type { DeploymentPlan, LaunchSpec } from '@bud-foundry/core'
import { launchServedModel } from '../../src/index.ts'
import { samplePlan } from './sample-plan.ts'

const model = { id: 'Qwen/Qwen3-8B', servedName: 'qwen3-8b', downloadBytes: 16_381_470_720 }
const embedder = { id: 'BAAI/bge-m3', servedName: 'bge-m3', downloadBytes: 2_271_064_456 }
const gpu = { resource: 'nvidia.com/gpu', count: 1 } as const

const launch = (overrides: Partial<LaunchSpec>): LaunchSpec => ({ ...samplePlan().launch, ...overrides })

const launches: Readonly<Record<string, LaunchSpec>> = {
  vllm: launch({ args: [model.id, '--served-model-name', model.id, '--tensor-parallel-size', '2'] }),
  sglang: launch({
    image: 'lmsysorg/sglang:v0.5.18',
    command: ['python3', '-m', 'sglang.launch_server'],
    args: ['--model-path', model.id, '--served-model-name', model.id, '--port', '30000', '--tp-size', '2'],
    portHttp: 30_000,
  }),
  'tensorrt-llm': launch({
    image: 'nvcr.io/nvidia/tensorrt-llm/release:1.0.0',
    command: ['trtllm-serve'],
    args: [model.id, '--port', '8000', '--tp_size', '2'],
  }),
  tgi: launchServedModel({ engine: 'tgi', model, devices: { ...gpu, count: 2 } }),
  'llama-cpp': launch({
    image: 'ghcr.io/ggml-org/llama.cpp:server-cuda-b10731',
    command: ['/app/llama-server'],
    args: ['--hf-repo', `${model.id}-GGUF:Q4_K_M`, '--alias', model.id, '--port', '8080'],
    portHttp: 8080,
  }),
  infinity: launchServedModel({ engine: 'infinity', model: embedder, devices: gpu }),
  tei: launchServedModel({ engine: 'tei', model: embedder }),
}

export const engineIds = ['vllm', 'sglang', 'tensorrt-llm', 'tgi', 'llama-cpp', 'infinity', 'tei'] as const
export type EngineId = (typeof engineIds)[number]

export function enginePlan(id: EngineId, overrides: Partial<DeploymentPlan> = {}): DeploymentPlan {
  const launched = launches[id]
  if (launched === undefined) throw new Error(`there is no sample plan for ${id}`)
  const served = id === 'infinity' || id === 'tei' ? embedder : model
  return samplePlan({ engine: { id, version: '1' }, model: served, launch: launched, ...overrides })
}

/** Which engine can do what beyond one node and one piece. */
export const multiNodeEngines = ['vllm', 'sglang', 'tensorrt-llm'] as const
export const splitEngines = multiNodeEngines
export const adapterEngines = ['vllm', 'sglang', 'tgi', 'llama-cpp'] as const
