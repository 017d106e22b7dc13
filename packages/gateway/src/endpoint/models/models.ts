/** OpenAI's list of models, as far as the key may see them. Listing is no model call: it leaves no event that would count as one. */
import { gatewayErrors } from '../../errors.ts'
import { matchesName } from '../../key/key-record.ts'
import type { RequestContext } from '../../pipeline/request-context.ts'
import { respondError, respondJson } from '../../pipeline/respond.ts'
import type { ModelEntry } from '../../routing/snapshot.ts'
import type { Endpoint } from '../endpoint.ts'

const path = '/v1/models'
const dialectId = 'openai-chat'

const toListing = (entry: ModelEntry) => ({
  id: entry.name,
  object: 'model',
  created: entry.config.createdUnixSeconds,
  owned_by: entry.config.ownedBy,
})

const isVisible = (context: RequestContext, entry: ModelEntry): boolean =>
  entry.config.listed && (context.key?.models === undefined || matchesName(context.key.models, entry.name))

export const listModels: Endpoint = {
  method: 'GET',
  path,
  dialectId,
  scope: 'inference',
  serve: (context) => {
    const visible = [...context.services.snapshot.models.values()].filter((entry) => isVisible(context, entry))
    respondJson(context.exchange, 200, { object: 'list', data: visible.map(toListing) })
  },
}

/** The part of a path after a prefix, decoded; undecodable bytes stay as they are. */
function decodeRest(fullPath: string): string {
  const rest = fullPath.slice(path.length + 1)
  try {
    return decodeURIComponent(rest)
  } catch {
    return rest
  }
}

export const getModel: Endpoint = {
  method: 'GET',
  path: `${path}/*`,
  dialectId,
  scope: 'inference',
  serve: (context) => {
    const model = decodeRest(context.exchange.path)
    const entry = context.services.snapshot.models.get(model)
    if (entry !== undefined && isVisible(context, entry)) {
      respondJson(context.exchange, 200, toListing(entry))
      return
    }
    const error = gatewayErrors.MODEL_NOT_FOUND({ model })
    const dialect = context.services.dialects.get(dialectId)
    if (dialect === undefined) throw new Error(`the dialect '${dialectId}' is not among parts.dialects`)
    respondError(context.exchange, dialect, error)
  },
}
