/** The programs of docs/gateway/cache.md run as they stand there, and do what they say. */
import { expect, it } from 'vitest'
import { readSnippets, runSnippet } from '../support/snippet.ts'

const json = 'application/json'
const outputs: Record<string, readonly string[]> = {
  'The same request': [
    `${json} miss`,
    `${json} hit`,
    'text/event-stream hit',
    `${json} miss`,
    `${json} bypass`,
    `${json} refresh`,
    '2 answers removed',
    `${json} miss`,
  ],
  'A question that means the same': ['miss', 'semantic-hit', 'miss'],
  'Idempotency keys': ['200 new', '200 true', '200 true', '422 new'],
}

const snippets = readSnippets(new URL('../../../../docs/gateway/cache.md', import.meta.url))

it('covers every program', () => {
  expect(snippets.map(({ heading }) => heading)).toEqual(Object.keys(outputs))
})

it.each(snippets)('$heading', { timeout: 40_000 }, async ({ heading, code }) => {
  expect((await runSnippet(code)).trim().split('\n')).toEqual(outputs[heading])
})
