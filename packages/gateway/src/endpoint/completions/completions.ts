/** OpenAI's text completions. */
import { rejectInference, serveInference, type InferenceKind } from '../../inference/serve-inference.ts'
import type { Endpoint } from '../endpoint.ts'

const kind: InferenceKind = {
  operation: 'completion',
  dialectId: 'openai-completions',
  requiredField: { name: 'prompt', isArray: false },
}

export const completions: Endpoint = {
  method: 'POST',
  path: '/v1/completions',
  dialectId: kind.dialectId,
  scope: 'inference',
  serve: (context) => {
    serveInference(context, kind)
  },
  refused: (context, error) => {
    rejectInference(context, kind, { error, requestBytes: 0 })
  },
}
