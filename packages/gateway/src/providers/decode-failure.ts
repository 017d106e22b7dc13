/** Turns an upstream's failure into an error, from its status, headers and body fields; shared by every HTTP+JSON upstream. */
import type { BudError, Provider } from '@bud-foundry/core'
import { errorBodyReadBytes, errorMessageMaxChars } from '../dialect/dialect-limits.ts'
import { asArray, asObject, asString } from '../dialect/sse-frame.ts'
import { providerErrors, type UpstreamFailure } from './provider-errors.ts'
import { readRetryAfterMs } from './retry-after.ts'

type Failure = Parameters<Provider['decodeFailure']>[0]

const utf8 = new TextDecoder()

interface ErrorFields {
  readonly type: string | undefined
  readonly code: string | undefined
  readonly message: string | undefined
  readonly param: string | undefined
}

const textOf = (value: unknown): string | undefined => {
  const text = typeof value === 'number' ? String(value) : asString(value)
  return text === undefined || text === '' ? undefined : text.slice(0, errorMessageMaxChars)
}

/**
 * The fields of an error body. Shapes: OpenAI `{error:{message,type,param,code}}`, Anthropic `{type:'error',error:{type,message}}`, vLLM and SGLang
 * `{object:'error',message,type,code}`, Mistral and FastAPI `{detail:[{msg,loc}]}` or `{message}`, TGI `{error:'…',error_type:'…'}`; an array holds one.
 */
export function readErrorFields(body: Uint8Array): ErrorFields {
  let parsed: unknown
  try {
    parsed = JSON.parse(utf8.decode(body.subarray(0, errorBodyReadBytes)))
  } catch {
    // No JSON, an HTML page of a proxy for instance: the status alone has to do, and the page is nobody's business.
    return { type: undefined, code: undefined, message: undefined, param: undefined }
  }
  const outer = asObject(Array.isArray(parsed) ? parsed[0] : parsed)
  const inner = asObject(outer?.['error']) ?? outer
  const detail = asObject(asArray(outer?.['detail'])[0])
  return {
    type: textOf(inner?.['type']) ?? textOf(outer?.['error_type']),
    code: textOf(inner?.['code']) ?? textOf(asObject(inner?.['innererror'])?.['code']),
    message:
      textOf(inner?.['message']) ??
      textOf(outer?.['error']) ??
      textOf(detail?.['msg']) ??
      textOf(outer?.['detail']) ??
      textOf(outer?.['message']),
    param: textOf(inner?.['param']) ?? textOf(asArray(detail?.['loc']).join('.')),
  }
}

/** Codes and types by which upstreams name a content filter's refusal (Azure: learn.microsoft.com/azure/ai-services/openai/concepts/content-filter). */
const contentFilterCodes: ReadonlySet<string> = new Set(['content_filter', 'content_policy_violation', 'ResponsibleAIPolicyViolation'])
/** Codes and types that say that money or quota is out, which waiting does not mend (platform.openai.com/docs/guides/error-codes, platform.claude.com/docs/en/api/errors). */
const quotaCodes: ReadonlySet<string> = new Set([
  'insufficient_quota',
  'billing_error',
  'billing_hard_limit_reached',
  'insufficient_balance',
])
const modelCodes: ReadonlySet<string> = new Set(['model_not_found', 'DeploymentNotFound', 'model_not_available'])

const names = (set: ReadonlySet<string>, fields: ErrorFields) =>
  (fields.code !== undefined && set.has(fields.code)) || (fields.type !== undefined && set.has(fields.type))

/** The decodeFailure of a provider. */
export const decodeFailureOf =
  (providerId: string) =>
  (failure: Failure): BudError => {
    const fields = readErrorFields(failure.body)
    const details: UpstreamFailure = {
      providerId,
      targetId: failure.target.id,
      upstreamStatus: failure.status,
      upstreamType: fields.type,
      upstreamCode: fields.code,
      upstreamMessage: fields.message,
      param: fields.param,
    }
    const retryAfterMs = readRetryAfterMs(failure.headers)
    const factory = providerErrors[errorKey(effectiveStatus(failure.status, fields), fields)]
    return factory(details, {
      ...(failure.cause === undefined ? {} : { cause: failure.cause }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    })
  }

/** Types of errors that name a status (platform.claude.com/docs/en/api/errors, platform.openai.com/docs/guides/error-codes). */
const statusByType: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  overloaded_error: 529,
  timeout_error: 504,
}

/** An error inside a stream comes with status 200: a numeric code (vLLM, OpenRouter) or its type says what it would have been. */
function effectiveStatus(status: number | undefined, fields: ErrorFields): number | undefined {
  if (status === undefined || status < 200 || status > 299) return status
  const code = Number(fields.code)
  if (Number.isInteger(code) && code >= 400 && code <= 599) return code
  return statusByType[fields.type ?? ''] ?? statusByType[fields.code ?? ''] ?? status
}

type FailureKey = Exclude<keyof typeof providerErrors, 'TARGET_OPTION_INVALID'>

/** Which error a status with these fields is. */
function errorKey(status: number | undefined, fields: ErrorFields): FailureKey {
  if (names(contentFilterCodes, fields)) return 'PROVIDER_CONTENT_FILTERED'
  if (status === undefined) return 'PROVIDER_UNREACHABLE'
  if (status === 402 || names(quotaCodes, fields)) return 'PROVIDER_QUOTA_EXHAUSTED'
  if (names(modelCodes, fields)) return 'PROVIDER_MODEL_NOT_FOUND'
  return keyByStatus[status] ?? (status >= 500 || status < 400 ? 'PROVIDER_FAILED' : 'PROVIDER_REQUEST_REJECTED')
}

/** 529 is Anthropic's overload (platform.claude.com/docs/en/api/errors), 498 Groq's flex-tier capacity (console.groq.com/docs/errors). */
const keyByStatus: Readonly<Record<number, FailureKey>> = {
  401: 'PROVIDER_CREDENTIAL_REJECTED',
  403: 'PROVIDER_CREDENTIAL_REJECTED',
  404: 'PROVIDER_MODEL_NOT_FOUND',
  408: 'PROVIDER_TIMED_OUT',
  409: 'PROVIDER_CONFLICT',
  413: 'PROVIDER_REQUEST_TOO_LARGE',
  422: 'PROVIDER_REQUEST_UNPROCESSABLE',
  425: 'PROVIDER_OVERLOADED',
  429: 'PROVIDER_RATE_LIMITED',
  498: 'PROVIDER_OVERLOADED',
  503: 'PROVIDER_OVERLOADED',
  504: 'PROVIDER_TIMED_OUT',
  529: 'PROVIDER_OVERLOADED',
}
