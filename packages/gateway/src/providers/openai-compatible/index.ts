/** The provider openai-compatible. */
import type { Provider } from '@bud-foundry/core'
import { untranslated } from '../../dialect/untranslated.ts'
import { decodeFailureOf } from '../decode-failure.ts'
import { openaiEndpoint } from '../openai/endpoint.ts'

export const openaiCompatible: Provider = {
  contract: 'provider/1',
  id: 'openai-compatible',
  dialect: 'openai-chat',
  passThrough: new Set(['openai-chat', 'openai-completions', 'openai-embeddings']),
  framing: 'sse',
  operations: new Set(['chat', 'completion', 'embedding', 'count-tokens']),
  endpoint: openaiEndpoint,
  encodeRequest: untranslated('openai-chat'),
  decodeResponse: untranslated('openai-chat'),
  streamDecoder: untranslated('openai-chat'),
  decodeFailure: decodeFailureOf('openai-compatible'),
}
