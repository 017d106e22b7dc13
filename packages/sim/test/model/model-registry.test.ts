/** The built-in models. */
import { findModel, listModels, simErrors } from '@bud-foundry/sim'
import { describe, expect, it } from 'vitest'

describe('built-in models', () => {
  it('all parse, and nothing of them is an unknown family', () => {
    expect(listModels().length).toBeGreaterThan(200)
    for (const id of listModels()) expect(findModel(id).unmodelled.join()).not.toContain('is not known')
  })

  it('are found with or without organisation, in any case', () => {
    expect(findModel('llama-3.1-8b-instruct')).toBe(findModel('meta-llama/Llama-3.1-8B-Instruct'))
    expect(findModel('DEEPSEEK-AI/deepseek-v3').parameters).toBe(671_026_419_200)
  })

  it('include base models, later versions and quantized copies under their own names', () => {
    const base = findModel('meta-llama/Llama-3.1-8B')
    expect([base.id, base.parameters]).toEqual(['meta-llama/Llama-3.1-8B', 8_030_261_248])
    const later = findModel('deepseek-ai/DeepSeek-R1-0528')
    expect([later.id, later.parameters, later.quantization?.weights]).toEqual(['deepseek-ai/DeepSeek-R1-0528', 671_026_419_200, 'fp8'])
    const quantized = findModel('nvidia/Llama-3.3-70B-Instruct-FP4')
    expect([quantized.parameters, quantized.quantization?.weights, quantized.quantization?.kvCache]).toEqual([70_553_706_496, 'fp4', 'fp8'])
    expect(findModel('mistralai/Mistral-7B-v0.1').parameters).toBe(7_241_732_096)
    expect(findModel('meta-llama/Llama-2-13b-hf').parameters).toBe(13_015_864_320)
    expect(findModel('bigscience/bloom').parameters).toBe(176_247_271_424)
    expect(findModel('huggyllama/llama-7b').parameters).toBe(6_738_415_616)
    expect(findModel('Qwen/Qwen1.5-7B').parameters).toBe(7_721_324_544)
  })

  it.each([
    // Published totals (safetensors indices) less the language model's.
    ['google/gemma-3-4b-it', 4_300_079_472],
    ['meta-llama/Llama-4-Scout-17B-16E-Instruct', 108_641_793_536],
    ['Qwen/Qwen3-VL-8B-Instruct', 8_767_123_696],
  ])('count the vision tower of %s exactly, apart from the language model', (id, published) => {
    const model = findModel(id)
    expect(model.parameters + (model.vision?.approximateParameters ?? 0)).toBe(published)
    expect(model.unmodelled.join()).toContain('images are not simulated')
  })

  it('suggest a name when one is misspelt', () => {
    expect(() => findModel('Qwen/Qwen3-30B-A3')).toThrow(/did you mean 'Qwen\/Qwen3-30B-A3B'/)
    expect(() => findModel('')).toThrow(expect.objectContaining({ code: 'SIM_MODEL_UNKNOWN' }))
    expect(simErrors.MODEL_UNKNOWN.is(new Error('x'))).toBe(false)
  })
})
