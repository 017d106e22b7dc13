/** Anthropic's messages as a dialect. */
import type { Dialect } from '@bud-foundry/core'
import { classifyAnthropicFrame } from './classify.ts'
import { decodeAnthropicRequest } from './decode-request.ts'
import { encodeAnthropicResponse } from './encode-response.ts'
import { encodeAnthropicError } from './error.ts'
import { readAnthropicHead, spliceAnthropic } from './head.ts'
import { AnthropicStreamDecoder } from './stream-decoder.ts'
import { AnthropicStreamEncoder } from './stream-encoder.ts'
import { readAnthropicUsage } from './usage.ts'

/** What Anthropic's clients speak on `/v1/messages` and `/v1/messages/count_tokens`. */
export const anthropicMessages: Dialect = {
  contract: 'dialect/1',
  id: 'anthropic-messages',
  readHead: readAnthropicHead,
  splice: spliceAnthropic,
  classify: classifyAnthropicFrame,
  usage: readAnthropicUsage,
  encodeError: encodeAnthropicError,
  decodeRequest: decodeAnthropicRequest,
  encodeResponse: encodeAnthropicResponse,
  streamDecoder: (request) => new AnthropicStreamDecoder(request),
  streamEncoder: (request) => new AnthropicStreamEncoder(request),
}
