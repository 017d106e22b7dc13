/** The model that the official clients talk to in these tests: what it answers depends on the conversation alone, in no dialect. */

/** What an upstream understood of a request. */
export interface Turn {
  /** Text of the last message of the user. */
  readonly text: string
  /** Results of tools in the order of the conversation, each with the call that it answers. */
  readonly results: readonly { readonly id: string; readonly text: string }[]
  /** Calls of earlier answers. */
  readonly calls: readonly { readonly id: string; readonly name: string; readonly args: unknown }[]
  readonly images: readonly { readonly mediaType: string; readonly data: string }[]
  readonly toolNames: readonly string[]
  /** A tool must be called. */
  readonly forced: boolean
  /** The schema that the answer must follow. */
  readonly schema: Readonly<Record<string, unknown>> | undefined
  readonly signatures: readonly string[]
}

/** What it answers. */
export type Scene =
  | { readonly kind: 'failure'; readonly failure: keyof typeof failures }
  | {
      readonly kind: 'answer'
      readonly thinking?: { readonly text: string; readonly signature: string }
      readonly text?: string
      readonly calls?: readonly { readonly id: string; readonly name: string; readonly args: Readonly<Record<string, unknown>> }[]
      readonly filtered?: boolean
    }

/** Refusals by name; the user's text asks for one. */
export const failures = {
  'rate limit': { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', headers: { 'retry-after': '7' } },
  'content filter': { status: 400, type: 'invalid_request_error', code: 'content_filter', headers: {} },
  'bad request': { status: 400, type: 'invalid_request_error', code: 'invalid_value', headers: {} },
  overload: { status: 503, type: 'overloaded_error', code: 'overloaded', headers: {} },
} as const

/** Of the whole prompt 4 tokens were cached; 3 of the output were thinking where there is any. */
export const usage = { input: 11, cached: 4, output: 7, reasoning: 3 }

export const signature = 'c2lnbmF0dXJl+/=='
const cities = { Paris: 21, Rome: 25 } as const

const isFailure = (text: string): text is keyof typeof failures => Object.hasOwn(failures, text)

/** Two calls at once, then one that builds on both results, then the words of all three. */
function useTools({ results, calls }: Turn): Scene {
  const resultOf = (id: string) => results.find((result) => result.id === id)?.text ?? 'missing'
  if (results.length === 0) {
    const parallel = Object.keys(cities).map((city) => ({
      id: `call_${city}`,
      name: 'get_weather',
      args: { city, note: 'say "hi" \\ é 🌍' },
    }))
    return { kind: 'answer', text: 'Let me look. ', calls: parallel }
  }
  if (results.length === 2)
    return { kind: 'answer', calls: [{ id: 'call_mean', name: 'mean', args: { values: ['call_Paris', 'call_Rome'].map(resultOf) } }] }
  return { kind: 'answer', text: `${calls.map(({ id, name }) => `${name} said ${resultOf(id)}`).join(', ')}.` }
}

/** The next answer. */
export function play(turn: Turn): Scene {
  if (isFailure(turn.text)) return { kind: 'failure', failure: turn.text }
  const [onlyTool, ...moreTools] = turn.toolNames
  // Clients that do not know the model ask for structured output by the input of a tool that must be called.
  if (turn.forced && onlyTool !== undefined && moreTools.length === 0)
    return { kind: 'answer', calls: [{ id: 'call_answer', name: onlyTool, args: { city: 'Paris', celsius: 21 } }] }
  if (turn.schema !== undefined) return { kind: 'answer', text: '{"city":"Paris","celsius":21}' }
  if (turn.toolNames.length > 0) return useTools(turn)
  if (turn.images.length > 0)
    return {
      kind: 'answer',
      text: turn.images.map(({ mediaType, data }) => `${mediaType} of ${String(Buffer.from(data, 'base64').length)} bytes`).join(', '),
    }
  switch (turn.text) {
    case 'think':
      return { kind: 'answer', thinking: { text: 'Let me see. ', signature }, text: 'Forty-two.' }
    case 'what did you think?':
      return { kind: 'answer', text: `signatures: ${turn.signatures.join(',')}` }
    case 'be filtered':
      return { kind: 'answer', text: 'I was', filtered: true }
    default:
      return { kind: 'answer', text: 'hello brave new world' }
  }
}
