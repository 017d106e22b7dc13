/** Texts of requests, numbers that a double cannot hold included. */
import { expect, it } from 'vitest'
import { parseExact } from '../../src/dialect/exact-json.ts'
import { requestTexts } from '../../src/guardrail/request-texts.ts'

const never = () => expect.fail('it is not deep')

it('reads long numbers as texts, leaves them alone when nothing is masked, and replaces them when something is', () => {
  const read = () => parseExact('{"seed":12345678901234567890,"messages":[{"role":"user","content":"hi"}]}') as Record<string, unknown>
  const same = read()
  for (const slot of requestTexts(same, never)) slot.set?.(slot.text)
  expect(JSON.stringify(same)).toBe('{"seed":12345678901234567890,"messages":[{"role":"user","content":"hi"}]}')
  const masked = read()
  const [digits] = requestTexts(masked, never)
  expect(digits?.text).toBe('12345678901234567890')
  digits?.set?.('[CREDIT_CARD]')
  expect(masked['seed']).toBe('[CREDIT_CARD]')
})
