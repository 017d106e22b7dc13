/** Every real config.json that we have parses, and known totals come out. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { modelSpecSchema, parseModelConfig } from '@bud-foundry/core'
import { findModel } from '@bud-foundry/sim'
import { describe, expect, it } from 'vitest'

const folder = join(process.env['BUD_TEST_DATA'] ?? join(import.meta.dirname, '../../../../../shared/data'), 'sim/models')
if (!existsSync(folder))
  throw new Error(`the model configurations are not at ${folder}; set BUD_TEST_DATA to the folder that holds sim/models`)

/** Files of quantization settings stand beside the models' own and describe no model. */
const isQuantization = (name: string) => name.endsWith('hf_quant_config.json')
const quantizationOf = (name: string) => name.replace('_config.json', '_hf_quant_config.json')
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
const models = files.filter((name) => !isQuantization(name))

// Billions, from the model cards; vision towers and multi-token-prediction layers not included.
const totals: readonly (readonly [file: string, billions: number])[] = [
  ['meta-llama--Meta-Llama-3.1-405B_config.json', 405.85],
  ['meta-llama--Llama-4-Maverick-17B-128E-Instruct_config.json', 400.7],
  ['Qwen--Qwen3-Coder-480B-A35B-Instruct_config.json', 480.15],
  ['deepseek-ai--DeepSeek-V4-Flash_config.json', 284.3],
  ['moonshotai--Kimi-K2-Instruct_config.json', 1026.4],
  ['nvidia--NVIDIA-Nemotron-3-Nano-30B-A3B-BF16_config.json', 31.58],
  ['nvidia--Llama-3_3-Nemotron-Super-49B-v1_config.json', 49.87],
  ['openai--gpt-oss-20b_config.json', 20.91],
  ['zai-org--GLM-5_config.json', 743.9],
]

describe('the collected configurations', () => {
  it('are 99 models and 27 quantization files', () => {
    expect([models.length, files.length - models.length]).toEqual([99, 27])
  })

  it.each(models)('%s parses', (name) => {
    const spec = parseModelConfig(name, readFileSync(join(folder, name), 'utf8'))
    expect(modelSpecSchema.safeParse(spec).success).toBe(true)
    expect(spec.layerGroups.reduce((sum, { count }) => sum + count, 0)).toBe(spec.layers)
    expect(spec.activeParameters).toBeLessThanOrEqual(spec.parameters)
  })

  it.each(models.filter((name) => existsSync(join(folder, quantizationOf(name)))))(
    '%s is as quantized as the file beside it says',
    (name) => {
      const read = (file: string) => readFileSync(join(folder, file), 'utf8')
      const spec = parseModelConfig(name, read(name), read(quantizationOf(name)))
      expect(spec.quantization?.weights).toBe(name.includes('NVFP4') ? 'fp4' : 'fp8')
      expect(spec.unmodelled.join()).not.toContain('quantization')
      // The built-in table describes the same checkpoint in fewer words.
      const known = findModel(name.replace('_config.json', '').replace('--', '/'))
      expect(known.quantization).toEqual(spec.quantization)
    },
  )

  it.each(totals)('%s has %f billion parameters', (name, billions) => {
    expect(parseModelConfig(name, readFileSync(join(folder, name), 'utf8')).parameters / 1e9).toBeCloseTo(billions, 1)
  })
})
