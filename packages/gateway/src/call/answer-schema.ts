/** What typed calls promise about answers; members beyond these stay readable. */
import { z } from 'zod'

const count = z.number().nonnegative()

const usageSchema = z.looseObject({
  prompt_tokens: count,
  completion_tokens: count.optional(),
  total_tokens: count,
  prompt_tokens_details: z.looseObject({ cached_tokens: count.nullish() }).nullish(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: count.nullish() }).nullish(),
})

const toolCallSchema = z.looseObject({ id: z.string(), function: z.looseObject({ name: z.string(), arguments: z.string() }) })
const spoken = { content: z.string().nullish(), reasoning_content: z.string().nullish(), refusal: z.string().nullish() }

export const chatAnswerSchema = z.looseObject({
  id: z.string().optional(),
  model: z.string().optional(),
  choices: z.array(
    z.looseObject({
      index: z.number(),
      message: z.looseObject({ ...spoken, tool_calls: z.array(toolCallSchema).nullish() }),
      finish_reason: z.string().nullish(),
    }),
  ),
  usage: usageSchema.nullish(),
})

const toolCallPieceSchema = z.looseObject({
  index: z.number(),
  id: z.string().nullish(),
  function: z.looseObject({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
})

export const chatChunkSchema = z.looseObject({
  choices: z.array(
    z.looseObject({
      index: z.number(),
      delta: z.looseObject({ ...spoken, tool_calls: z.array(toolCallPieceSchema).nullish() }),
      finish_reason: z.string().nullish(),
    }),
  ),
  usage: usageSchema.nullish(),
})

export const embeddingAnswerSchema = z.looseObject({
  /** Numbers, or little-endian float32 in base64 where `encoding_format` asked for it. */
  data: z.array(z.looseObject({ index: z.number(), embedding: z.union([z.array(z.number()), z.string()]) })),
  usage: usageSchema.nullish(),
})

/** An OpenAI chat completion. */
export type ChatAnswer = z.output<typeof chatAnswerSchema>
/** A piece of a streamed one. */
export type ChatChunk = z.output<typeof chatChunkSchema>
/** OpenAI embeddings. */
export type EmbeddingAnswer = z.output<typeof embeddingAnswerSchema>
