/** The endpoints of a gateway: a new one is a folder and a line here. */
import { chatCompletions } from './chat-completions/chat-completions.ts'
import { completions } from './completions/completions.ts'
import { countTokens } from './count-tokens/count-tokens.ts'
import { embeddings } from './embeddings/embeddings.ts'
import type { Endpoint } from './endpoint.ts'
import { health, ready } from './health/health.ts'
import { messages } from './messages/messages.ts'
import { metrics } from './metrics/metrics.ts'
import { getModel, listModels } from './models/models.ts'

export const defaultEndpoints: readonly Endpoint[] = [
  chatCompletions,
  completions,
  embeddings,
  messages,
  countTokens,
  listModels,
  getModel,
  health,
  ready,
  metrics,
]
