/** Decides the whole answer before its first token is timed: text, tokens, finish reason, tool call. */
import { OpenAiError } from './openai-error.ts'
import { type ChatRequest, type CompletionRequest, textOf } from './openai-schema.ts'
import { schemaValue } from './schema-value.ts'
import type { Tokenizer } from './tokenizer.ts'
import { writeAnswer } from './answer-writer.ts'
import type { ResolvedTwin } from './twin-options.ts'

export interface ToolCall {
  readonly id: string
  readonly name: string
}

export interface AnswerPlan {
  readonly promptTokens: readonly number[]
  /** One piece of text for each output token; the arguments of a tool call when there is one. */
  readonly pieces: readonly string[]
  /** Tokens that are computed: one for each piece, and one for an end that carries no text. */
  readonly outputTokens: number
  readonly finish: 'stop' | 'length' | 'tool_calls'
  readonly toolCall: ToolCall | undefined
}

// Llama 3's template: one token begins the text; a header's start, end and blank line and the end of turn surround each message and its role;
// the answer is opened by a header of four. The numbers stand for tokens that no text has.
const beginToken = [-1] as const
const messageTokens = [-2, -3, -4, -5] as const
const answerTokens = [-2, -6, -3, -4] as const

interface Limits {
  readonly maxTokens: number | undefined
  readonly stop: readonly string[]
  readonly ignoreEnd: boolean
  readonly minTokens: number
}

function cutAtStop(text: string, stop: readonly string[]): { readonly text: string; readonly stopped: boolean } {
  const found = stop
    .filter((word) => word !== '')
    .map((word) => text.indexOf(word))
    .filter((index) => index >= 0)
  return found.length === 0 ? { text, stopped: false } : { text: text.slice(0, Math.min(...found)), stopped: true }
}

function planText(options: {
  readonly tokenizer: Tokenizer
  readonly promptTokens: readonly number[]
  readonly text: string
  readonly limits: Limits
  readonly contextTokens: number
  readonly toolCall?: ToolCall
}): AnswerPlan {
  const { tokenizer, promptTokens, limits, contextTokens, toolCall } = options
  const room = contextTokens - promptTokens.length
  if (room < 1 || (limits.maxTokens !== undefined && limits.maxTokens > room))
    throw new OpenAiError(
      400,
      `This model's maximum context length is ${String(contextTokens)} tokens. However, you requested ${String(promptTokens.length + (limits.maxTokens ?? 1))} tokens (${String(promptTokens.length)} in the messages, ${String(limits.maxTokens ?? 1)} in the completion). Please reduce the length of the messages or completion.`,
      { code: 'context_length_exceeded', param: 'messages' },
    )
  const { text, stopped } = cutAtStop(options.text, limits.stop)
  const all = tokenizer.encode(text)
  const most = Math.min(limits.maxTokens ?? room, room)
  const cut = all.length > most || (limits.ignoreEnd && !stopped)
  const tokens = all.slice(0, most)
  return {
    promptTokens,
    pieces: tokenizer.pieces(tokens),
    outputTokens: Math.max(1, tokens.length),
    finish: cut ? 'length' : toolCall === undefined ? 'stop' : 'tool_calls',
    toolCall,
  }
}

const limitsOf = (request: ChatRequest | CompletionRequest, maxTokens: number | null | undefined): Limits => ({
  maxTokens: maxTokens ?? undefined,
  stop: request.stop == null ? [] : typeof request.stop === 'string' ? [request.stop] : request.stop,
  ignoreEnd: request.ignore_eos === true && maxTokens != null,
  minTokens: request.min_tokens ?? 0,
})

// A word is at least one token, so as many words as tokens always suffice.
const minimumWords = (limits: Limits) => (limits.ignoreEnd ? (limits.maxTokens ?? 0) : limits.minTokens)

function chosenTool(request: ChatRequest): NonNullable<ChatRequest['tools']>[number] | undefined {
  const choice = request.tool_choice
  if (choice == null || request.tools == null) return undefined
  if (typeof choice === 'string') return choice === 'required' ? request.tools[0] : undefined
  const found = request.tools.find((tool) => tool.function.name === choice.function.name)
  if (found === undefined)
    throw new OpenAiError(400, `tool_choice names '${choice.function.name}', which is not among the tools`, { param: 'tool_choice' })
  return found
}

/** One plan for each of `n` choices. @throws OpenAiError when the context is too long or a tool is unknown. */
export function planChat(request: ChatRequest, twin: ResolvedTwin, tokenizer: Tokenizer, createId: () => string): readonly AnswerPlan[] {
  const promptTokens: number[] = [...beginToken]
  if (request.tools != null && request.tools.length > 0) promptTokens.push(...tokenizer.encode(JSON.stringify(request.tools)))
  for (const message of request.messages) {
    promptTokens.push(...messageTokens, ...tokenizer.encode(message.role))
    for (const token of tokenizer.encode(textOf(message.content))) promptTokens.push(token)
  }
  promptTokens.push(...answerTokens)
  const prompt = textOf(request.messages.findLast((message) => message.role === 'user')?.content ?? request.messages.at(-1)?.content)
  const limits = limitsOf(request, request.max_completion_tokens ?? request.max_tokens)
  const tool = chosenTool(request)
  return Array.from({ length: request.n ?? 1 }, (_, choice) => {
    const shared = { tokenizer, promptTokens, limits, contextTokens: twin.replica.settings.maxModelTokens }
    if (tool !== undefined)
      return planText({
        ...shared,
        text: JSON.stringify(schemaValue(tool.function.parameters ?? {}, tool.function.name) ?? {}),
        toolCall: { id: createId(), name: tool.function.name },
      })
    const answer = () =>
      writeAnswer(
        {
          prompt,
          seed: (twin.seed + (request.seed ?? 0) + choice * 7919) >>> 0,
          modelName: twin.model.id,
          hardwareName: twin.hardware.name,
        },
        minimumWords(limits),
      )
    if (request.response_format?.type === 'json_schema' && request.response_format.json_schema?.schema != null)
      return planText({ ...shared, text: JSON.stringify(schemaValue(request.response_format.json_schema.schema, 'answer')) })
    if (request.response_format?.type === 'json_object') return planText({ ...shared, text: JSON.stringify({ answer: answer() }) })
    return planText({ ...shared, text: answer() })
  })
}

/** One plan for each prompt and choice. */
export function planCompletion(request: CompletionRequest, twin: ResolvedTwin, tokenizer: Tokenizer): readonly AnswerPlan[] {
  const { prompt } = request
  const prompts: { text: string; tokens: readonly number[] }[] = []
  const fromTokens = (tokens: readonly number[]) => prompts.push({ text: tokenizer.pieces(tokens).join(''), tokens })
  if (typeof prompt === 'string') prompts.push({ text: prompt, tokens: tokenizer.encode(prompt) })
  else if (prompt.every((item) => typeof item === 'number')) fromTokens(prompt)
  else
    for (const item of prompt)
      if (typeof item === 'string') prompts.push({ text: item, tokens: tokenizer.encode(item) })
      else if (Array.isArray(item)) fromTokens(item)
  // As the completions API defaults.
  const limits = limitsOf(request, request.max_tokens ?? 16)
  return prompts.flatMap(({ text, tokens }) =>
    Array.from({ length: request.n ?? 1 }, (_, choice) =>
      planText({
        tokenizer,
        promptTokens: tokens.length === 0 ? [0] : tokens,
        limits,
        contextTokens: twin.replica.settings.maxModelTokens,
        text: ` ${writeAnswer({ prompt: text, seed: (twin.seed + (request.seed ?? 0) + choice * 7919) >>> 0, modelName: twin.model.id, hardwareName: twin.hardware.name }, minimumWords(limits))}`,
      }),
    ),
  )
}
