/** OpenAI's embeddings as a dialect. */
import type { Dialect } from '@bud-foundry/core'
import { dialectErrors } from '../dialect-errors.ts'
import { encodeOpenaiError } from '../openai-chat/error.ts'
import { readOpenaiHead, spliceOpenai } from '../openai-chat/head.ts'
import { readEmbeddingUsage } from '../openai-chat/usage.ts'
import { decodeEmbeddingRequest, encodeEmbeddingResponse } from './codec.ts'

/** What OpenAI's clients speak on `/v1/embeddings`; there are no streams of it. */
export const openaiEmbeddings: Dialect = {
  contract: 'dialect/1',
  id: 'openai-embeddings',
  readHead: readOpenaiHead,
  splice: spliceOpenai,
  classify: () => 'content',
  usage: readEmbeddingUsage,
  encodeError: encodeOpenaiError,
  decodeRequest: decodeEmbeddingRequest,
  encodeResponse: encodeEmbeddingResponse,
  streamEncoder: () => {
    throw dialectErrors.FIELD_INVALID({ field: 'stream', problem: 'is no parameter of embeddings', fix: 'leave it out' })
  },
}
