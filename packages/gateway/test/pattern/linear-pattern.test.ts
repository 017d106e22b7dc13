/** Patterns of operators: the same finds as JavaScript's, and no text that takes long. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isLinearPattern, linearPattern, trustedPattern } from '../../src/pattern/linear-pattern.ts'

it('finds what JavaScript finds, in UTF-16 positions', () => {
  const patterns = [/a+b?/u, /\bno\w*/iu, /^x.y$/msu, /[é😀]{1,2}/u]
  fc.assert(
    fc.property(
      fc.constantFrom(...patterns),
      fc.string({ unit: fc.constantFrom('a', 'b', 'x', 'y', 'N', 'o', ' ', '\n', 'é', '😀') }),
      (regex, text) => {
        const linear = linearPattern(regex.source, regex.flags)
        const trusted = trustedPattern(regex)
        let from = 0
        for (let at = trusted.search(text, 0); at !== undefined; at = trusted.search(text, from)) {
          expect(linear.search(text, from)).toBe(at)
          expect(linear.matchAt(text, at)).toBe(trusted.matchAt(text, at))
          from = at + Math.max(1, trusted.matchAt(text, at).length)
        }
        expect(linear.search(text, from)).toBeUndefined()
      },
    ),
  )
})

it('takes no longer for a text that is made to take long', () => {
  const pattern = linearPattern('(a+)+$', '')
  // Backtracking would take longer than the universe has existed.
  expect(pattern.search(`${'a'.repeat(5_000)}!`, 0)).toBeUndefined()
  expect(isLinearPattern('a(?!b)')).toBe(false)
})
