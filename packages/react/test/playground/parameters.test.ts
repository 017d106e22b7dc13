/** What is typed into the playground's fields, and what becomes of it. */
import { expect, test } from 'vitest'
import { emptyParameters, exampleTools, parseTools, toOptions } from '../../src/playground/parameters.ts'

test('empty fields send nothing, and numbers that are none are left out', () => {
  expect(toOptions(emptyParameters)).toEqual({ systemPrompt: undefined, temperature: undefined, maxTokens: undefined, tools: [] })
  expect(toOptions({ ...emptyParameters, temperature: '0.2', maxTokens: 'many' })).toMatchObject({ temperature: 0.2, maxTokens: undefined })
})

test('tools are functions with names, in our shape or in that of OpenAI; anything else is none', () => {
  expect(parseTools(exampleTools)).toMatchObject([{ name: 'get_weather' }])
  expect(parseTools('[{"type":"function","function":{"name":"f"}}]')).toEqual([{ name: 'f' }])
  for (const wrong of ['{', '{}', '[1]', '[{"name":""}]', '[{"description":"x"}]']) expect(parseTools(wrong), wrong).toBeUndefined()
})
