/** What OpenAI's chat requests look like, as far as it is translated; unknown fields are kept. */
import { z } from 'zod'

const json = z.record(z.string(), z.unknown())

export const cacheControlSchema = z.looseObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).nullish() })
/** Marks of a prompt-cache boundary: Anthropic's, which many gateways accept on OpenAI's side, and OpenAI's own. */
const cacheable = { cache_control: cacheControlSchema.nullish(), prompt_cache_breakpoint: z.looseObject({}).nullish() }

export const textPartSchema = z.looseObject({ type: z.literal('text'), text: z.string(), ...cacheable })
export const imagePartSchema = z.looseObject({
  type: z.literal('image_url'),
  image_url: z.looseObject({ url: z.string().min(1), detail: z.string().nullish() }),
  ...cacheable,
})
export const filePartSchema = z.looseObject({
  type: z.literal('file'),
  file: z.looseObject({ filename: z.string().nullish(), file_data: z.string().nullish(), file_id: z.string().nullish() }),
  ...cacheable,
})
export const audioPartSchema = z.looseObject({
  type: z.literal('input_audio'),
  input_audio: z.looseObject({ data: z.string(), format: z.string() }),
})
export const refusalPartSchema = z.looseObject({ type: z.literal('refusal'), refusal: z.string() })
const partsSchema = z.array(z.looseObject({ type: z.string() }))
export const contentSchema = z.union([z.string(), partsSchema]).nullish()

export const toolCallSchema = z.looseObject({
  id: z.string().min(1),
  type: z.string().nullish(),
  function: z.looseObject({ name: z.string().min(1), arguments: z.string() }),
  cache_control: cacheControlSchema.nullish(),
})
export const thinkingBlockSchema = z.union([
  z.looseObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string().nullish() }),
  z.looseObject({ type: z.literal('redacted_thinking'), data: z.string() }),
])

export const messageSchema = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: contentSchema,
  name: z.string().nullish(),
  cache_control: cacheControlSchema.nullish(),
})
export const assistantSchema = z.looseObject({
  role: z.literal('assistant'),
  content: contentSchema,
  refusal: z.string().nullish(),
  tool_calls: z.array(toolCallSchema).nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish(),
  thinking_blocks: z.array(thinkingBlockSchema).nullish(),
  other_blocks: z.array(z.looseObject({ type: z.string() })).nullish(),
})
export const toolMessageSchema = z.looseObject({
  role: z.literal('tool'),
  tool_call_id: z.string().min(1),
  content: contentSchema,
  is_error: z.boolean().nullish(),
})

export const functionToolSchema = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({
    name: z.string().min(1),
    description: z.string().nullish(),
    parameters: json.nullish(),
    strict: z.boolean().nullish(),
    cache_control: cacheControlSchema.nullish(),
  }),
  cache_control: cacheControlSchema.nullish(),
})

export const toolChoiceSchema = z.union([
  z.enum(['none', 'auto', 'required', 'any']),
  z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }),
  z.looseObject({
    type: z.literal('allowed_tools'),
    allowed_tools: z.looseObject({
      mode: z.enum(['auto', 'required']),
      tools: z.array(z.looseObject({ type: z.string(), function: z.looseObject({ name: z.string() }).nullish() })),
    }),
  }),
  z.looseObject({ type: z.literal('custom'), custom: z.looseObject({ name: z.string() }) }),
])

export const responseFormatSchema = z.union([
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({ name: z.string(), schema: json.nullish(), strict: z.boolean().nullish() }),
  }),
])

const count = z.number().int().min(1)

/** The known fields; what else the body has goes to `extra`. */
export const requestFields = {
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.string() })).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: count.nullish(),
  max_completion_tokens: count.nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.number().int().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.number().int().nullish(),
  presence_penalty: z.number().nullish(),
  frequency_penalty: z.number().nullish(),
  n: count.nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_choice: toolChoiceSchema.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: responseFormatSchema.nullish(),
  reasoning_effort: z.string().nullish(),
  thinking: z.looseObject({ type: z.string(), budget_tokens: z.number().int().nullish() }).nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  service_tier: z.string().nullish(),
}
export const requestSchema = z.looseObject(requestFields)
