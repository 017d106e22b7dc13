/** What requests are told apart by: the same names group and filter. */
import { requestEventSchema, requestOutcomeSchema } from '@bud-foundry/core'
import type { StoredRequest } from '../table/request-details.ts'

export interface Dimension {
  /** An expression with a text value over the columns, in `requests` and in every rollup that has them; empty when there is none. */
  readonly sql: string
  readonly columns: readonly string[]
  readonly of: (event: StoredRequest) => string
}

const defineDimensions = <Names extends string>(table: Readonly<Record<Names, Dimension>>) => Object.freeze(table)

const column = (name: string, of: Dimension['of']): Dimension => ({ sql: name, columns: [name], of })

/** Of what did not succeed, in the order in which it is asked: how it ended, then what the caller was told. */
const errorClasses = [
  ['aborted', "outcome = 'aborted'", ({ outcome }) => outcome === 'aborted'],
  ['broken-stream', "outcome = 'partial'", ({ outcome }) => outcome === 'partial'],
  ['blocked', "startsWith(error_code, 'GATEWAY_BLOCKED')", ({ errorCode = '' }) => errorCode.startsWith('GATEWAY_BLOCKED')],
  ['guardrail', "startsWith(error_code, 'GATEWAY_GUARDRAIL')", ({ errorCode = '' }) => errorCode.startsWith('GATEWAY_GUARDRAIL')],
  [
    'budget',
    "status = 402 OR error_code = 'GATEWAY_INSUFFICIENT_QUOTA'",
    ({ status, errorCode }) => status === 402 || errorCode === 'GATEWAY_INSUFFICIENT_QUOTA',
  ],
  ['rate-limit', 'status = 429', ({ status }) => status === 429],
  ['permission', 'status IN (401, 403)', ({ status }) => status === 401 || status === 403],
  ['timeout', 'status IN (408, 504)', ({ status }) => status === 408 || status === 504],
  ['bad-request', 'status >= 400 AND status < 500', ({ status }) => status >= 400 && status < 500],
] as const satisfies readonly (readonly [name: string, sql: string, isOne: (event: StoredRequest) => boolean])[]

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
  /** Empty for successes; what is in no other class is `server`. */
  errorClass: {
    sql: `multiIf(outcome = 'success', '', ${errorClasses.map(([name, sql]) => `${sql}, '${name}'`).join(', ')}, 'server')`,
    columns: ['outcome', 'error_code', 'status'],
    of: (event) => (event.outcome === 'success' ? '' : (errorClasses.find(([, , isOne]) => isOne(event))?.[0] ?? 'server')),
  },
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

const yesNo = ['true', 'false'] as const

/** Every value of the dimensions that have no others: a filter by another one is a slip, and would answer that there was nothing. */
export const closedValues: Readonly<Partial<Record<DimensionName, readonly string[]>>> = {
  operation: requestEventSchema.shape.operation.options,
  outcome: requestOutcomeSchema.options,
  usageSource: requestEventSchema.shape.usageSource.options,
  cache: requestEventSchema.shape.cache.unwrap().options,
  errorClass: ['', ...errorClasses.map(([name]) => name), 'server'],
  stream: yesNo,
  isBot: yesNo,
}

// Safe: the table above is frozen and its keys are the names.
export const dimensionNames = Object.keys(dimensions) as readonly DimensionName[]
