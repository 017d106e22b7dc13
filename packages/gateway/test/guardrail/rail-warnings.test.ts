/** What a valid guardrail section may say by mistake. */
import { expect, it } from 'vitest'
import { guardrailsSchema } from '../../src/guardrail/guardrail-config.ts'
import { isUnbounded, railWarnings } from '../../src/guardrail/rail-warnings.ts'

it.each(['A[0-9]+Z', 'a*', '(?:ab){2,}', '[[:alpha:]+]x+', '\\Qa\\E+', '[]*]+', '\\p{L}+', '(a|b+)'])(
  '%s has matches of any length',
  (pattern) => {
    expect(isUnbounded(pattern)).toBe(true)
  },
)

it.each(['A[0-9]{1,64}Z', 'a\\*', '[*+]', '[^]*+]', '[\\]+]', '\\Qa+b\\E', 'a{3}', 'a?', '\\+49', '[[:alpha:]*+]', 'a\\Q+'])(
  '%s has a longest match',
  (pattern) => {
    expect(isUnbounded(pattern)).toBe(false)
  },
)

it('names rails that are attached nowhere, and patterns without a bound', () => {
  const rails = {
    words: { kind: 'keywords', words: ['x'] },
    open: { kind: 'regex', pattern: 'A[0-9]+Z', maxLength: 8 },
    closed: { kind: 'regex', pattern: 'A[0-9]{1,6}Z', maxLength: 8 },
  }
  const config = guardrailsSchema.parse({ rails, attach: [{ rails: ['open', 'closed'] }] })
  expect(railWarnings(config)).toMatchObject([
    { path: 'guardrails.rails.words', message: 'is attached to no call and guards nothing' },
    { path: 'guardrails.rails.open.pattern', message: expect.stringContaining('(8 characters)') as string },
  ])
})
