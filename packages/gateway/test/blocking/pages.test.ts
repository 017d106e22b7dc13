/** The programs of docs/gateway/blocking.md run as they stand there, and do what they say. */
import { expect, it } from 'vitest'
import { readSnippets, runSnippet } from '../support/snippet.ts'

const refused = 'GATEWAY_URL_REFUSED'
const outputs: Record<string, readonly string[]> = {
  'Blocking rules': [
    '403 198.51.100.7 user-agent',
    '401 203.0.113.7 not blocked',
    '401 198.51.100.7 not blocked',
    '403 198.51.100.7 address',
    "[ 'office from config', 'config.1 from config', 'flood from config' ]",
  ],
  'Where callers are': ['403 NL OpenAI/Python'],
  'URLs that tenants choose': [
    `http://169.254.169.254/latest/meta-data ${refused}`,
    `http://2130706433/ ${refused}`,
    `http://[::ffff:10.0.0.1]/ ${refused}`,
    `file:///etc/passwd ${refused}`,
  ],
}

const snippets = readSnippets(new URL('../../../../docs/gateway/blocking.md', import.meta.url))

it('covers every program', () => {
  expect(snippets.map(({ heading }) => heading)).toEqual(Object.keys(outputs))
})

it.each(snippets)('$heading', { timeout: 40_000 }, async ({ heading, code }) => {
  expect((await runSnippet(code)).trim().split('\n')).toEqual(outputs[heading])
})
