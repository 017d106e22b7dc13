/** What Anthropic's messages requests look like, as far as they are translated; unknown fields are kept. */
import { z } from 'zod'

const json = z.record(z.string(), z.unknown())
const block = z.looseObject({ type: z.string() })
export const contentSchema = z.union([z.string(), z.array(block)])

const cacheControl = z.looseObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).nullish() }).nullish()
const cacheable = { cache_control: cacheControl }

const base64Source = z.looseObject({ type: z.literal('base64'), media_type: z.string(), data: z.string() })
const urlSource = z.looseObject({ type: z.literal('url'), url: z.string().min(1) })
const fileSource = z.looseObject({ type: z.literal('file'), file_id: z.string() })
const textSource = z.looseObject({ type: z.literal('text'), media_type: z.string().nullish(), data: z.string() })

export const textBlockSchema = z.looseObject({ type: z.literal('text'), text: z.string(), ...cacheable })
export const imageBlockSchema = z.looseObject({
  type: z.literal('image'),
  source: z.discriminatedUnion('type', [base64Source, urlSource, fileSource]),
  ...cacheable,
})
export const documentBlockSchema = z.looseObject({
  type: z.literal('document'),
  source: z.discriminatedUnion('type', [
    base64Source,
    urlSource,
    fileSource,
    textSource,
    z.looseObject({ type: z.literal('content'), content: z.unknown() }),
  ]),
  title: z.string().nullish(),
  ...cacheable,
})
export const toolUseBlockSchema = z.looseObject({
  type: z.literal('tool_use'),
  id: z.string().min(1),
  name: z.string().min(1),
  input: z.unknown(),
  ...cacheable,
})
export const toolResultBlockSchema = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string().min(1),
  content: contentSchema.nullish(),
  is_error: z.boolean().nullish(),
  ...cacheable,
})
export const thinkingBlockSchema = z.looseObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string().nullish() })
export const redactedBlockSchema = z.looseObject({ type: z.literal('redacted_thinking'), data: z.string() })

export const messageSchema = z.looseObject({ role: z.enum(['user', 'assistant', 'system']), content: contentSchema })

export const toolSchema = z.looseObject({
  type: z.string().nullish(),
  name: z.string().min(1),
  description: z.string().nullish(),
  input_schema: json,
  strict: z.boolean().nullish(),
  ...cacheable,
})

const parallel = { disable_parallel_tool_use: z.boolean().nullish() }
export const toolChoiceSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('auto'), ...parallel }),
  z.looseObject({ type: z.literal('any'), ...parallel }),
  z.looseObject({ type: z.literal('tool'), name: z.string().min(1), ...parallel }),
  z.looseObject({ type: z.literal('none') }),
])

/** The known fields; what else the body has goes to `extra`. */
export const requestFields = {
  model: z.string().min(1),
  messages: z.array(z.unknown()).min(1),
  max_tokens: z.number().int().min(0).nullish(),
  system: contentSchema.nullish(),
  stream: z.boolean().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.number().int().nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  tools: z.array(z.looseObject({ type: z.string().nullish() })).nullish(),
  tool_choice: toolChoiceSchema.nullish(),
  thinking: z.looseObject({ type: z.string(), budget_tokens: z.number().int().nullish() }).nullish(),
  output_config: z
    .looseObject({ effort: z.string().nullish(), format: z.looseObject({ type: z.string(), schema: json.nullish() }).nullish() })
    .nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
  service_tier: z.string().nullish(),
}
export const requestSchema = z.looseObject(requestFields)
