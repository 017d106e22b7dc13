/** The programs of docs/gateway/money.md and admin.md run as they stand there, and do what they say. */
import { describe, expect, it } from 'vitest'
import { readSnippets, runSnippet } from '../support/snippet.ts'

const pages: Record<string, Record<string, readonly string[]>> = {
  'money.md': {
    'The price book': ['true admin false'],
    Budgets: ['50 %: 0.012, 80 %: 0.012, 100 %: 0.012', '0.012 3 requests'],
  },
  'admin.md': { Administration: ['accepted', '200 spend', '200 refused', '400 CORE_CONFIG_INVALID'] },
}

describe.each(Object.entries(pages))('%s', (page, expected) => {
  const snippets = readSnippets(new URL(`../../../../docs/gateway/${page}`, import.meta.url))

  it('has every program', () => {
    expect(snippets.map(({ heading }) => heading)).toEqual(Object.keys(expected))
  })

  it.each(snippets)('$heading', { timeout: 40_000 }, async ({ heading, code }) => {
    expect((await runSnippet(code)).trim().split('\n')).toEqual(expected[heading])
  })
})
