/** OpenAI's legacy completions as a dialect. */
import type { Dialect } from '@bud-foundry/core'
import { classifyOpenaiFrame } from '../openai-chat/classify.ts'
import { encodeOpenaiError } from '../openai-chat/error.ts'
import { readCompletionHead, spliceOpenai } from '../openai-chat/head.ts'
import { readOpenaiUsage } from '../openai-chat/usage.ts'
import { CompletionStreamEncoder, decodeCompletionRequest, encodeCompletionResponse } from './codec.ts'
import { CompletionStreamDecoder } from './stream-decoder.ts'

/** What OpenAI's clients speak on `/v1/completions`. */
export const openaiCompletions: Dialect = {
  contract: 'dialect/1',
  id: 'openai-completions',
  readHead: readCompletionHead,
  splice: spliceOpenai,
  classify: classifyOpenaiFrame,
  usage: readOpenaiUsage,
  encodeError: encodeOpenaiError,
  decodeRequest: decodeCompletionRequest,
  encodeResponse: encodeCompletionResponse,
  streamDecoder: () => new CompletionStreamDecoder(),
  streamEncoder: (request, answer) => new CompletionStreamEncoder(request.model, answer),
}
