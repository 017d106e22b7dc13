/** OpenAI's chat completions. */
import { rejectInference, serveInference, type InferenceKind } from '../../inference/serve-inference.ts'
import type { Endpoint } from '../endpoint.ts'

const kind: InferenceKind = {
  operation: 'chat',
  dialectId: 'openai-chat',
  requiredField: { name: 'messages', isArray: true },
}

export const chatCompletions: Endpoint = {
  method: 'POST',
  path: '/v1/chat/completions',
  dialectId: kind.dialectId,
  scope: 'inference',
  serve: (context) => {
    serveInference(context, kind)
  },
  refused: (context, error) => {
    rejectInference(context, kind, { error, requestBytes: 0 })
  },
}
