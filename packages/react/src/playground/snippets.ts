/** The request of the playground as code that someone else can run; the key stays a placeholder. */

export interface SnippetRequest {
  readonly baseUrl: string
  readonly model: string
  readonly systemPrompt: string | undefined
  readonly message: string
  readonly temperature: number | undefined
  readonly maxTokens: number | undefined
}

export interface Snippet {
  readonly language: string
  readonly code: string
}

export function toSnippets(request: SnippetRequest): readonly Snippet[] {
  const { baseUrl, model, systemPrompt, message, temperature, maxTokens } = request
  const messages = [...(systemPrompt === undefined ? [] : [{ role: 'system', content: systemPrompt }]), { role: 'user', content: message }]
  const body = {
    model,
    messages,
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    stream: true,
  }
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

/** JSON's literals are Python's as well, but for these; the strings of JSON are valid in Python. */
function toPython(value: unknown): string {
  return JSON.stringify(value)
}
