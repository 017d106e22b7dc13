/** Which bytes pass for a whole answer of a dialect. */
import { expect, it } from 'vitest'
import { answerProblem, essentialField } from '../../src/dispatch/whole-json.ts'

const check = (dialectId: string, operation: 'chat' | 'completion' | 'embedding' | 'count-tokens', answer: unknown) =>
  answerProblem(Buffer.from(JSON.stringify(answer)), essentialField(dialectId, operation))

it.each([
  ['openai-chat', 'chat', 'choices', []],
  ['openai-completions', 'completion', 'choices', []],
  ['openai-embeddings', 'embedding', 'data', []],
  ['anthropic-messages', 'chat', 'content', []],
  ['anthropic-messages', 'count-tokens', 'input_tokens', 0],
] as const)('an answer of %s to %s needs %s', (dialectId, operation, field, value) => {
  expect(check(dialectId, operation, { [field]: value })).toBeUndefined()
  expect(check(dialectId, operation, { [field]: 'text' })).toContain(`'${field}'`)
  expect(check(dialectId, operation, { hello: 1 })).toContain(`'${field}'`)
})

it('an answer of a foreign dialect is only checked for being whole', () => {
  expect(check('house-dialect', 'chat', { hello: 1 })).toBeUndefined()
  expect(answerProblem(Buffer.from('{"hello":'), undefined)).toContain('broken off')
})
