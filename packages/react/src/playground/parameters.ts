/** What the playground's fields say, and what is sent of it. */
import type { ChatSessionOptions } from '../client/chat-message.ts'
import type { ChatTool } from '../client/chat-stream.ts'

/** As typed. */
export interface Parameters {
  readonly systemPrompt: string
  readonly temperature: string
  readonly maxTokens: string
  /** JSON. */
  readonly tools: string
}

export const emptyParameters: Parameters = { systemPrompt: '', temperature: '', maxTokens: '', tools: '' }

export const exampleTools = JSON.stringify(
  [
    {
      name: 'get_weather',
      description: 'Weather of a city, now',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  ],
  undefined,
  2,
)

const toNumber = (text: string) => (text.trim() === '' || !Number.isFinite(Number(text)) ? undefined : Number(text))

export function toOptions({ systemPrompt, temperature, maxTokens, tools }: Parameters): ChatSessionOptions {
  return {
    systemPrompt: systemPrompt.trim() === '' ? undefined : systemPrompt,
    temperature: toNumber(temperature),
    maxTokens: toNumber(maxTokens),
    tools: parseTools(tools),
  }
}

/** Undefined when the text is no list of functions; OpenAI's own wrapping is taken as well. */
export function parseTools(text: string): readonly ChatTool[] | undefined {
  if (text.trim() === '') return []
  try {
    const list: unknown = JSON.parse(text)
    if (!Array.isArray(list)) return undefined
    const tools = list.map(toTool)
    return tools.every((tool) => tool !== undefined) ? tools : undefined
  } catch {
    return undefined
  }
}

function toTool(value: unknown): ChatTool | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const inner: unknown = 'function' in value ? value.function : value
  if (typeof inner !== 'object' || inner === null || !('name' in inner) || typeof inner.name !== 'string' || inner.name === '')
    return undefined
  // Safe: an object with a name; what else it holds is for the model's server to judge.
  return inner as ChatTool
}
