/** Anthropic's count of a prompt's tokens. */
import { rejectInference, serveInference, type InferenceKind } from '../../inference/serve-inference.ts'
import type { Endpoint } from '../endpoint.ts'

const kind: InferenceKind = {
  operation: 'count-tokens',
  dialectId: 'anthropic-messages',
  requiredField: { name: 'messages', isArray: true },
}

export const countTokens: Endpoint = {
  method: 'POST',
  path: '/v1/messages/count_tokens',
  dialectId: kind.dialectId,
  scope: 'inference',
  serve: (context) => {
    serveInference(context, kind)
  },
  refused: (context, error) => {
    rejectInference(context, kind, { error, requestBytes: 0 })
  },
}
