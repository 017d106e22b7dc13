/** Anthropic's messages. */
import { rejectInference, serveInference, type InferenceKind } from '../../inference/serve-inference.ts'
import type { Endpoint } from '../endpoint.ts'

const kind: InferenceKind = {
  operation: 'chat',
  dialectId: 'anthropic-messages',
  requiredField: { name: 'messages', isArray: true },
}

export const messages: Endpoint = {
  method: 'POST',
  path: '/v1/messages',
  dialectId: kind.dialectId,
  scope: 'inference',
  serve: (context) => {
    serveInference(context, kind)
  },
  refused: (context, error) => {
    rejectInference(context, kind, { error, requestBytes: 0 })
  },
}
