/** The provider azure-openai. */
import type { Provider } from '@bud-foundry/core'
import { untranslated } from '../../dialect/untranslated.ts'
import { decodeFailureOf } from '../decode-failure.ts'
import { azureEndpoint } from './endpoint.ts'

export const azureOpenai: Provider = {
  contract: 'provider/1',
  id: 'azure-openai',
  dialect: 'openai-chat',
  passThrough: new Set(['openai-chat', 'openai-completions', 'openai-embeddings']),
  framing: 'sse',
  operations: new Set(['chat', 'completion', 'embedding', 'count-tokens']),
  endpoint: azureEndpoint,
  encodeRequest: untranslated('openai-chat'),
  decodeResponse: untranslated('openai-chat'),
  streamDecoder: untranslated('openai-chat'),
  decodeFailure: decodeFailureOf('azure-openai'),
}
