/** The built-in models. */
import { findModel, listModels, simErrors } from '@bud-foundry/sim'
import { describe, expect, it } from 'vitest'

describe('built-in models', () => {
  it('all parse, and nothing of them is an unknown family', () => {
    expect(listModels().length).toBeGreaterThan(40)
    for (const id of listModels()) expect(findModel(id).unmodelled.join()).not.toContain('is not known')
  })

  it('are found with or without organisation, in any case', () => {
    expect(findModel('llama-3.1-8b-instruct')).toBe(findModel('meta-llama/Llama-3.1-8B-Instruct'))
    expect(findModel('DEEPSEEK-AI/deepseek-v3').parameters).toBe(671_026_419_200)
  })

  it('suggest a name when one is misspelt', () => {
    expect(() => findModel('Qwen/Qwen3-30B-A3')).toThrow(/did you mean 'Qwen\/Qwen3-30B-A3B'/)
    expect(() => findModel('')).toThrow(expect.objectContaining({ code: 'SIM_MODEL_UNKNOWN' }))
    expect(simErrors.MODEL_UNKNOWN.is(new Error('x'))).toBe(false)
  })
})
