/** OpenAI's embeddings. */
import { rejectInference, serveInference, type InferenceKind } from '../../inference/serve-inference.ts'
import type { Endpoint } from '../endpoint.ts'

const kind: InferenceKind = {
  operation: 'embedding',
  dialectId: 'openai-embeddings',
  requiredField: { name: 'input', isArray: false },
}

export const embeddings: Endpoint = {
  method: 'POST',
  path: '/v1/embeddings',
  dialectId: kind.dialectId,
  scope: 'inference',
  serve: (context) => {
    serveInference(context, kind)
  },
  refused: (context, error) => {
    rejectInference(context, kind, { error, requestBytes: 0 })
  },
}
