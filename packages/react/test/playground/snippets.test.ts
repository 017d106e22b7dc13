/** Code that others can run. */
import { expect, test } from 'vitest'
import { toSnippets } from '../../src/playground/snippets.ts'

const request = {
  baseUrl: 'https://bud.example',
  model: 'm',
  systemPrompt: 'Be brief',
  message: `it's "quoted"\n`,
  temperature: 0.2,
  maxTokens: undefined,
}

test('each language names server, model and message, and no key', () => {
  const snippets = toSnippets(request)
  expect(snippets.map(({ language }) => language)).toEqual(['curl', 'Python', 'TypeScript'])
  for (const { code } of snippets) {
    expect(code).toContain('https://bud.example/v1')
    expect(code).toContain('"m"')
    expect(code).toContain('BUD_API_KEY')
    expect(code).not.toContain('max_tokens')
  }
})

test('a quote in the message cannot end the shell argument', () => {
  const [curl] = toSnippets(request)
  const body = /-d '([\s\S]*)'$/.exec(curl?.code ?? '')?.[1]?.replaceAll(`'\\''`, "'") ?? ''
  expect(JSON.parse(body)).toMatchObject({ messages: [{ role: 'system' }, { content: request.message }], temperature: 0.2, stream: true })
})

test('tools and a picture have their place, and the words of Python are its own', () => {
  const tools = [{ name: 'look', parameters: { type: 'object', additionalProperties: false, default: null } }]
  const [curl, python] = toSnippets({ ...request, tools, hasImage: true })
  expect(curl?.code).toContain('"image_url"')
  expect(python?.code).toContain('"additionalProperties": False, "default": None')
  expect(python?.code).toContain('tools=[{"type": "function"')
  expect(python?.code).not.toContain('false')
})
