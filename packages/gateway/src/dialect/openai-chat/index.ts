/** OpenAI's chat completions as a dialect. */
import type { Dialect } from '@bud-foundry/core'
import { classifyOpenaiFrame } from './classify.ts'
import { decodeOpenaiRequest } from './decode-request.ts'
import { encodeOpenaiResponse } from './encode-response.ts'
import { encodeOpenaiError } from './error.ts'
import { readOpenaiHead, spliceOpenai } from './head.ts'
import { OpenaiStreamDecoder } from './stream-decoder.ts'
import { OpenaiStreamEncoder } from './stream-encoder.ts'
import { readOpenaiUsage } from './usage.ts'

/** What OpenAI's clients speak on `/v1/chat/completions`. */
export const openaiChat: Dialect = {
  contract: 'dialect/1',
  id: 'openai-chat',
  readHead: readOpenaiHead,
  splice: spliceOpenai,
  classify: classifyOpenaiFrame,
  usage: readOpenaiUsage,
  encodeError: encodeOpenaiError,
  decodeRequest: decodeOpenaiRequest,
  encodeResponse: encodeOpenaiResponse,
  streamDecoder: () => new OpenaiStreamDecoder(),
  streamEncoder: (request, answer) => new OpenaiStreamEncoder({ ...answer, model: request.model }),
}
