/** The programs of docs/gateway/limits.md run as they stand there, and do what they say. */
import { expect, it } from 'vitest'
import { readSnippets, runSnippet } from '../support/snippet.ts'

const outputs: Record<string, readonly string[]> = {
  'Keys, projects, users': ['accepted accepted', "{ kind: 'refused', reason: 'disabled' }", "{ kind: 'refused', reason: 'revoked' }"],
  'Provider credentials': ["[ 'openai' ]"],
  Limits: ['200 left 1', '200 left 0', '429 left 0'],
}

const snippets = readSnippets(new URL('../../../../docs/gateway/limits.md', import.meta.url))

it('covers every program', () => {
  expect(snippets.map(({ heading }) => heading)).toEqual(Object.keys(outputs))
})

it.each(snippets)('$heading', { timeout: 40_000 }, async ({ heading, code }) => {
  expect((await runSnippet(code)).trim().split('\n')).toEqual(outputs[heading])
})
