/** What requests are told apart by: the same names group and filter. */
import type { RequestEvent } from '@bud-foundry/core'

interface Dimension {
  /** An expression with a text value over the table `requests`; empty when the request has none. */
  readonly sql: string
  readonly of: (event: RequestEvent) => string
}

const defineDimensions = <Names extends string>(table: Readonly<Record<Names, Dimension>>) => Object.freeze(table)

export const dimensions = defineDimensions({
  projectId: { sql: 'project_id', of: ({ projectId }) => projectId },
  keyId: { sql: 'key_id', of: ({ keyId }) => keyId ?? '' },
  userId: { sql: 'user_id', of: ({ userId }) => userId ?? '' },
  operation: { sql: 'operation', of: ({ operation }) => operation },
  dialect: { sql: 'dialect', of: ({ dialect }) => dialect },
  stream: { sql: "if(stream, 'true', 'false')", of: ({ stream }) => String(stream) },
  requestedModel: { sql: 'requested_model', of: ({ requestedModel }) => requestedModel },
  model: {
    sql: "if(model = '', requested_model, model)",
    of: ({ model, requestedModel }) => (model === undefined || model === '' ? requestedModel : model),
  },
  targetId: { sql: 'target_id', of: ({ targetId }) => targetId ?? '' },
  providerId: { sql: 'provider_id', of: ({ providerId }) => providerId ?? '' },
  status: { sql: 'toString(status)', of: ({ status }) => String(status) },
  outcome: { sql: 'outcome', of: ({ outcome }) => outcome },
  errorCode: { sql: 'error_code', of: ({ errorCode }) => errorCode ?? '' },
  finishReason: { sql: 'finish_reason', of: ({ finishReason }) => finishReason ?? '' },
  cache: { sql: 'cache', of: ({ cache }) => cache },
})

export type DimensionName = keyof typeof dimensions

// Safe: the table above is frozen and its keys are the names.
export const dimensionNames = Object.keys(dimensions) as readonly DimensionName[]
