/** The engines and the predictor keep core's contracts. */
import { engineConformance, predictorConformance } from '@bud-foundry/core/testing/conformance'
import { createAnalyticalPredictor, findHardware, findModel, listEngines } from '@bud-foundry/sim'
import { describe, test } from 'vitest'

const h100 = findHardware('h100-sxm')

for (const engine of listEngines())
  engineConformance({
    describe,
    test,
    name: engine.name,
    create: () => engine,
    models: ['meta-llama/Llama-3.1-8B-Instruct', 'Qwen/Qwen3-30B-A3B', 'nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16'].map(findModel),
    hardware: [h100, findHardware('b200-sxm')],
  })

const question = {
  model: findModel('qwen3-8b'),
  workload: { inputTokens: 500, outputTokens: 100, concurrency: 4 },
  hardware: h100,
  deviceCount: 1,
  engineId: 'vllm',
  settings: {},
}

predictorConformance({
  describe,
  test,
  name: 'the analytical predictor',
  create: createAnalyticalPredictor,
  inputs: [
    question,
    { ...question, engineId: 'sglang', deviceCount: 2, settings: { tensor: 2 } },
    { ...question, model: findModel('gpt-oss-120b'), engineId: 'tensorrt-llm' },
    { ...question, workload: { inputTokens: 2000, outputTokens: 50, requestsPerSecond: 3 } },
  ],
  unsupported: { ...question, model: findModel('deepseek-v3') },
})
