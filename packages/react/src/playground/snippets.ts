/** The request of the playground as code that someone else can run; the key stays a placeholder. */
import type { ChatSessionOptions } from '../client/chat-message.ts'
import { toChatBody } from '../client/chat-stream.ts'

export interface SnippetRequest extends ChatSessionOptions {
  readonly baseUrl: string
  readonly model: string
  readonly message: string
  /** A picture goes along; the code has a place for it. */
  readonly hasImage?: boolean | undefined
}

export interface Snippet {
  readonly language: string
  readonly code: string
}

export function toSnippets(request: SnippetRequest): readonly Snippet[] {
  const { baseUrl, model, systemPrompt, message, hasImage = false, temperature, maxTokens, tools } = request
  const system = systemPrompt === undefined ? [] : [{ role: 'system' as const, content: systemPrompt }]
  const user = { role: 'user' as const, content: message, images: hasImage ? ['data:image/png;base64,…'] : [] }
  const body = { ...toChatBody({ model, messages: [...system, user], temperature, maxTokens, tools }), stream: true }
  const json = JSON.stringify(body, undefined, 2)
  const options = Object.entries(body)
    .filter(([name]) => name !== 'stream')
    .map(([name, value]) => `    ${name}=${toPython(value)},`)
  return [
    {
      language: 'curl',
      code: [
        `curl ${baseUrl}/v1/chat/completions \\`,
        `  -H "Authorization: Bearer $BUD_API_KEY" \\`,
        `  -H "Content-Type: application/json" \\`,
        `  -d '${json.replaceAll("'", `'\\''`)}'`,
      ].join('\n'),
    },
    {
      language: 'Python',
      code: [
        'import os',
        'from openai import OpenAI',
        '',
        `client = OpenAI(base_url=${toPython(`${baseUrl}/v1`)}, api_key=os.environ["BUD_API_KEY"])`,
        'stream = client.chat.completions.create(',
        ...options,
        '    stream=True,',
        ')',
        'for chunk in stream:',
        '    if chunk.choices:',
        '        print(chunk.choices[0].delta.content or "", end="")',
      ].join('\n'),
    },
    {
      language: 'TypeScript',
      code: [
        "import OpenAI from 'openai'",
        '',
        `const client = new OpenAI({ baseURL: ${JSON.stringify(`${baseUrl}/v1`)}, apiKey: process.env.BUD_API_KEY })`,
        `const stream = await client.chat.completions.create(${json})`,
        'for await (const chunk of stream) {',
        "  process.stdout.write(chunk.choices[0]?.delta.content ?? '')",
        '}',
      ].join('\n'),
    },
  ]
}

/** Strings and numbers of JSON are Python's as well; three words are not. */
function toPython(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toPython).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, each]) => each !== undefined)
    return `{${fields.map(([name, each]) => `${JSON.stringify(name)}: ${toPython(each)}`).join(', ')}}`
  }
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return value === null ? 'None' : JSON.stringify(value)
}
