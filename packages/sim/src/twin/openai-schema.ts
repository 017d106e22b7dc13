/** The requests that the twin understands; unknown fields are ignored, as engines do. */
import { toConfigIssues } from '@bud-foundry/core'
import { z } from 'zod'
import { OpenAiError } from './openai-error.ts'

const contentSchema = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]).nullish()

const samplingFields = {
  model: z.string().min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
  n: z.int().min(1).max(16).nullish(),
  seed: z.int().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  // vLLM's own: go on until max_tokens, as benchmarks ask for.
  ignore_eos: z.boolean().nullish(),
  min_tokens: z.int().min(0).nullish(),
}

const toolSchema = z.looseObject({
  type: z.string(),
  function: z.looseObject({ name: z.string().min(1), parameters: z.record(z.string(), z.unknown()).nullish() }),
})

export const chatRequestSchema = z.looseObject({
  ...samplingFields,
  messages: z.array(z.looseObject({ role: z.string(), content: contentSchema })).min(1),
  max_completion_tokens: z.int().min(1).nullish(),
  response_format: z
    .looseObject({
      type: z.string(),
      json_schema: z.looseObject({ schema: z.record(z.string(), z.unknown()).nullish() }).nullish(),
    })
    .nullish(),
  tools: z.array(toolSchema).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({ function: z.looseObject({ name: z.string() }) })]).nullish(),
})

export const completionRequestSchema = z.looseObject({
  ...samplingFields,
  prompt: z.union([
    z.string(),
    z.array(z.string()).min(1).max(64),
    z.array(z.int()).min(1),
    z.array(z.array(z.int()).min(1)).min(1).max(64),
  ]),
  echo: z.boolean().nullish(),
})

export const embeddingRequestSchema = z.looseObject({
  model: z.string().min(1),
  input: z.union([
    z.string(),
    z.array(z.string()).min(1).max(2048),
    z.array(z.int()).min(1),
    z.array(z.array(z.int()).min(1)).min(1).max(2048),
  ]),
  dimensions: z.int().min(1).max(8192).nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
})

export type ChatRequest = z.infer<typeof chatRequestSchema>
export type CompletionRequest = z.infer<typeof completionRequestSchema>
export type EmbeddingRequest = z.infer<typeof embeddingRequestSchema>

/** @throws OpenAiError 400 naming every wrong field. */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issues = toConfigIssues(parsed.error)
  const message = issues.map((issue) => `${issue.path}: ${issue.message}${issue.fix === undefined ? '' : ` (${issue.fix})`}`).join('; ')
  const first = issues[0]
  throw new OpenAiError(400, message, first === undefined ? {} : { param: first.path })
}

/** The text of a message's parts; images and files count as nothing. */
export function textOf(content: z.infer<typeof contentSchema>): string {
  if (content == null) return ''
  return typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('\n')
}
