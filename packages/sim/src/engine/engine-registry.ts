/** The engines that sim knows. */
import { simErrors } from '../errors.ts'
import { llamaCpp } from './llama-cpp.ts'
import type { ServingEngine } from './serving-engine.ts'
import { sglang } from './sglang.ts'
import { tensorrtLlm } from './tensorrt-llm.ts'
import { tgi } from './tgi.ts'
import { vllm } from './vllm.ts'

const all: readonly ServingEngine[] = [vllm, sglang, tensorrtLlm, tgi, llamaCpp]
const aliases: Readonly<Record<string, string>> = {
  'text-generation-inference': 'tgi',
  trtllm: 'tensorrt-llm',
  'trt-llm': 'tensorrt-llm',
  tensorrt_llm: 'tensorrt-llm',
  'llama.cpp': 'llama-cpp',
  llamacpp: 'llama-cpp',
}

/** Every engine, the most usual first. */
export const listEngines = (): readonly ServingEngine[] => all

/** @throws SIM_ENGINE_UNKNOWN listing the ids. */
export function findEngine(id: string): ServingEngine {
  const lower = id.toLowerCase()
  const wanted = aliases[lower] ?? lower
  const found = all.find((engine) => engine.id === wanted)
  if (found === undefined) throw simErrors.ENGINE_UNKNOWN({ engine: id, known: all.map((engine) => engine.id) })
  return found
}
