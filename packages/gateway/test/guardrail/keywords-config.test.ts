/** Which words a rail of keywords takes. */
import { describe, expect, it } from 'vitest'
import { guardrailsSchema } from '../../src/guardrail/guardrail-config.ts'

describe('the words of a rail', () => {
  it('are refused when white space is all they are: they would match everywhere and hide the others', () => {
    const rails = (word: string) => ({ rails: { words: { kind: 'keywords', words: [word, 'ab'] } }, attach: [] })
    expect(guardrailsSchema.safeParse(rails(' a ')).success).toBe(true)
    expect(guardrailsSchema.safeParse(rails('   ')).success).toBe(false)
  })
})
