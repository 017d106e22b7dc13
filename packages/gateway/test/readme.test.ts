/** The README tells the truth: each door's snippet runs as it stands there, and the tables name what the code has. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defaultEndpoints } from '../src/endpoint/default-endpoints.ts'
import { createDefaultPolicies } from '../src/policies/default-policies.ts'
import { anthropic } from '../src/providers/anthropic/index.ts'
import { azureOpenai } from '../src/providers/azure-openai/index.ts'
import { openaiCompatible } from '../src/providers/openai-compatible/index.ts'
import { openaiCompatiblePresets } from '../src/providers/openai-compatible/preset.ts'
import { openai } from '../src/providers/openai/index.ts'
import { completion, sendJson } from './support/openai-answers.ts'
import { readSnippets, runSnippet } from './support/snippet.ts'
import { startUpstream, type Answer } from './support/upstream.ts'

const readme = new URL('../README.md', import.meta.url)
const page = readFileSync(readme, 'utf8')
const snippets = readSnippets(readme)

const fetchModels = (call: string) => `
  const headers = { authorization: 'Bearer bud_development' }
  const response = await ${call}(new Request('http://localhost/v1/models', { headers }))
  console.log(response.status, await response.text())`

/** What a door's program must print; `then` for those that a framework runs. */
const doors: Record<string, { readonly prints: readonly RegExp[]; readonly then?: string }> = {
  '@bud-foundry/gateway': { prints: [/cache/i, /prompt_tokens/] },
  '`node:http`': { prints: [/"id":"gpt-5-mini"/, /"id":"llama"/] },
  'The official clients, in process': { prints: [/type: 'text'/, /output_tokens/] },
  'AI SDK': { prints: [/cache/i, /\d+ dimensions$/m] },
  Hono: { prints: [/^200 .*"id":"chat"/m] },
  'Next.js': { prints: [/^200 .*"id":"claude"/m], then: fetchModels('snippet.GET') },
  Bun: { prints: [/^200 .*"id":"chat"/m], then: fetchModels('snippet.default.fetch') },
  Closing: { prints: [/^200$/m] },
  Guardrails: { prints: [/^Repeat: call \[PHONE\]$/m, /guardrail_blocked/] },
  Hooks: { prints: [/^chat success 7$/m, /Say how many tokens you want/, /^chat rejected 0$/m] },
}

/** Repeats what it is asked: the snippets that need an engine find it at ENGINE_URL. */
const echo: Answer = (res, { json }) => {
  const messages = json['messages'] as readonly { readonly content: string }[]
  sendJson(res, 200, completion(messages.at(-1)?.content ?? ''))
}

describe('the README', () => {
  it('shows every door, and nothing that is not run here', () => {
    const headings = snippets.map(({ heading }) => heading)
    expect(headings).toEqual(expect.arrayContaining(Object.keys(doors)))
  })

  it.each(snippets.filter(({ heading }) => doors[heading] !== undefined))(
    'runs as it stands: $heading',
    { timeout: 40_000 },
    async (snippet) => {
      const { prints, then } = doors[snippet.heading] ?? expect.fail('not a door')
      await using engine = await startUpstream(echo)
      process.env['ENGINE_URL'] = engine.baseUrl
      const output = await runSnippet(snippet.code, then)
      for (const pattern of prints) expect(output).toMatch(pattern)
    },
  )

  it('names every endpoint', () => {
    for (const { path } of defaultEndpoints) expect(page).toContain(`${path}\``)
  })

  it('names every provider with its address', () => {
    for (const { id, defaultBaseUrl } of [openai, azureOpenai, anthropic, openaiCompatible])
      expect(page).toMatch(new RegExp(`^\\| \`${id}\` .*${defaultBaseUrl === undefined ? '' : `\`${defaultBaseUrl}\``}`, 'm'))
    for (const [id, { baseUrl }] of Object.entries(openaiCompatiblePresets))
      expect(page).toMatch(new RegExp(`^\\| \`${id}\` .*\`${baseUrl}\``, 'm'))
  })

  it('names every policy', () => {
    for (const { id } of createDefaultPolicies()) expect(page).toMatch(new RegExp(`^\\| \`${id}\` `, 'm'))
  })
})
