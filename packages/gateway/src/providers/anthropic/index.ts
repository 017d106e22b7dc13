/** The provider anthropic. */
import type { Provider } from '@bud-foundry/core'
import { untranslated } from '../../dialect/untranslated.ts'
import { decodeFailureOf } from '../decode-failure.ts'
import { anthropicEndpoint } from './endpoint.ts'

export const anthropic: Provider = {
  contract: 'provider/1',
  id: 'anthropic',
  dialect: 'anthropic-messages',
  passThrough: new Set(['anthropic-messages']),
  framing: 'sse',
  operations: new Set(['chat', 'count-tokens']),
  endpoint: anthropicEndpoint,
  encodeRequest: untranslated('anthropic-messages'),
  decodeResponse: untranslated('anthropic-messages'),
  streamDecoder: untranslated('anthropic-messages'),
  decodeFailure: decodeFailureOf('anthropic'),
}
