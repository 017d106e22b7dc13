/** What requests are told apart by: the same names group and filter. */
import type { StoredRequest } from '../table/request-details.ts'

export interface Dimension {
  /** An expression with a text value over the columns, in `requests` and in every rollup that has them; empty when there is none. */
  readonly sql: string
  readonly columns: readonly string[]
  readonly of: (event: StoredRequest) => string
}

const defineDimensions = <Names extends string>(table: Readonly<Record<Names, Dimension>>) => Object.freeze(table)

const column = (name: string, of: Dimension['of']): Dimension => ({ sql: name, columns: [name], of })

export const dimensions = defineDimensions({
  projectId: column('project_id', ({ projectId }) => projectId),
  keyId: column('key_id', ({ keyId }) => keyId ?? ''),
  userId: column('user_id', ({ userId }) => userId ?? ''),
  operation: column('operation', ({ operation }) => operation),
  dialect: column('dialect', ({ dialect }) => dialect),
  stream: { sql: "if(stream, 'true', 'false')", columns: ['stream'], of: ({ stream }) => String(stream) },
  requestedModel: column('requested_model', ({ requestedModel }) => requestedModel),
  model: {
    sql: "if(model = '', requested_model, model)",
    columns: ['model', 'requested_model'],
    of: ({ model, requestedModel }) => (model === undefined || model === '' ? requestedModel : model),
  },
  targetId: column('target_id', ({ targetId }) => targetId ?? ''),
  providerId: column('provider_id', ({ providerId }) => providerId ?? ''),
  status: { sql: 'toString(status)', columns: ['status'], of: ({ status }) => String(status) },
  outcome: column('outcome', ({ outcome }) => outcome),
  errorCode: column('error_code', ({ errorCode }) => errorCode ?? ''),
  finishReason: column('finish_reason', ({ finishReason }) => finishReason ?? ''),
  cache: column('cache', ({ cache }) => cache),
  usageSource: column('usage_source', ({ usageSource }) => usageSource),
  clientIp: column('client_ip', ({ clientIp }) => clientIp ?? ''),
  userAgent: column('user_agent', ({ userAgent }) => userAgent ?? ''),
  sessionId: column('session_id', ({ sessionId }) => sessionId ?? ''),
  promptId: column('prompt_id', ({ promptId }) => promptId ?? ''),
  promptVersion: column('prompt_version', ({ promptVersion }) => promptVersion ?? ''),
  method: column('method', ({ method }) => method ?? ''),
  route: column('route', ({ route }) => route ?? ''),
  countryCode: column('country_code', ({ countryCode }) => countryCode ?? ''),
  region: column('region', ({ region }) => region ?? ''),
  city: column('city', ({ city }) => city ?? ''),
  deviceType: column('device_type', ({ deviceType }) => deviceType ?? ''),
  browser: column('browser', ({ browser }) => browser ?? ''),
  os: column('os', ({ os }) => os ?? ''),
  blockRuleId: column('block_rule_id', ({ blockRuleId }) => blockRuleId ?? ''),
  source: column('source', ({ source }) => source ?? ''),
  isBot: { sql: "if(is_bot, 'true', 'false')", columns: ['is_bot'], of: ({ isBot }) => String(isBot ?? false) },
  guardrail: {
    sql: "arrayStringConcat(arraySort(guardrails), ', ')",
    columns: ['guardrails'],
    of: ({ guardrails = [] }) => guardrails.toSorted().join(', '),
  },
})

export type DimensionName = keyof typeof dimensions

// Safe: the table above is frozen and its keys are the names.
export const dimensionNames = Object.keys(dimensions) as readonly DimensionName[]
