/** The recipes of docs/gateway run as they stand there, and do what they say. */
import { expect, it } from 'vitest'
import { readSnippets, runSnippet } from './support/snippet.ts'

const recipes: Record<string, readonly string[]> = {
  'Fallback to another model': ['large answered by small'],
  'Routing over replicas': ['1 replica answered all'],
  'Failover within a model': ['own: error, rented: success', 'own: error, rented: success', 'rented: success'],
}

const snippets = readSnippets(new URL('../../../docs/gateway/recipes.md', import.meta.url))

it('covers every recipe', () => {
  expect(snippets.map(({ heading }) => heading)).toEqual(Object.keys(recipes))
})

it.each(snippets)('$heading', { timeout: 40_000 }, async ({ heading, code }) => {
  expect((await runSnippet(code)).trim().split('\n')).toEqual(recipes[heading])
})
