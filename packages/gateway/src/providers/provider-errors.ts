/** The error catalogue of upstream failures. */
import { defineErrors } from '@bud-foundry/core'

/** What every upstream failure carries; `upstream…` fields are the upstream's own words. */
export interface UpstreamFailure {
  readonly providerId: string
  readonly targetId: string
  readonly upstreamStatus: number | undefined
  readonly upstreamType: string | undefined
  readonly upstreamCode: string | undefined
  readonly upstreamMessage: string | undefined
  readonly param: string | undefined
}

const said = ({ upstreamMessage, upstreamType, upstreamCode }: UpstreamFailure) =>
  upstreamMessage ?? upstreamType ?? upstreamCode ?? 'no reason given'
const where = ({ targetId, upstreamStatus }: UpstreamFailure) =>
  `the upstream '${targetId}'${upstreamStatus === undefined ? '' : ` answered ${String(upstreamStatus)}`}`

/** Codes start with PROVIDER_; the status is what the caller gets, not what the upstream sent. */
export const providerErrors = defineErrors('GATEWAY', {
  PROVIDER_REQUEST_REJECTED: {
    status: 400,
    retryable: false,
    message: (failure: UpstreamFailure) => `${where(failure)}: ${said(failure)}`,
  },
  PROVIDER_CONTENT_FILTERED: {
    status: 400,
    retryable: false,
    message: (failure: UpstreamFailure) => `${where(failure)}, its content filter refused the request: ${said(failure)}`,
  },
  PROVIDER_REQUEST_TOO_LARGE: {
    status: 413,
    retryable: false,
    message: (failure: UpstreamFailure) => `${where(failure)}, the request is too large: ${said(failure)}`,
  },
  PROVIDER_REQUEST_UNPROCESSABLE: {
    status: 422,
    retryable: false,
    message: (failure: UpstreamFailure) => `${where(failure)}: ${said(failure)}`,
  },
  PROVIDER_CREDENTIAL_REJECTED: {
    status: 502,
    retryable: true,
    scope: 'credential',
    message: (failure: UpstreamFailure) =>
      `${where(failure)}, it does not accept the gateway's credential; check the target's key and its rights`,
  },
  PROVIDER_QUOTA_EXHAUSTED: {
    status: 429,
    retryable: true,
    scope: 'credential',
    message: (failure: UpstreamFailure) => `${where(failure)}, the gateway's account there has no quota left: ${said(failure)}`,
  },
  PROVIDER_RATE_LIMITED: {
    status: 429,
    retryable: true,
    scope: 'credential',
    message: (failure: UpstreamFailure) => `${where(failure)}, its rate limit is reached: ${said(failure)}`,
  },
  PROVIDER_MODEL_NOT_FOUND: {
    status: 404,
    retryable: true,
    scope: 'target',
    message: (failure: UpstreamFailure) => `${where(failure)}, it does not know the model or path: ${said(failure)}`,
  },
  PROVIDER_CONFLICT: {
    status: 409,
    retryable: true,
    scope: 'target',
    message: (failure: UpstreamFailure) => `${where(failure)}: ${said(failure)}`,
  },
  PROVIDER_TIMED_OUT: {
    status: 504,
    retryable: true,
    scope: 'target',
    message: (failure: UpstreamFailure) => `${where(failure)}, it gave up waiting: ${said(failure)}`,
  },
  PROVIDER_OVERLOADED: {
    status: 503,
    retryable: true,
    scope: 'target',
    message: (failure: UpstreamFailure) => `${where(failure)}, it is overloaded: ${said(failure)}`,
  },
  PROVIDER_FAILED: {
    status: 502,
    retryable: true,
    scope: 'target',
    message: (failure: UpstreamFailure) => `${where(failure)}: ${said(failure)}`,
  },
  PROVIDER_UNREACHABLE: {
    status: 502,
    retryable: true,
    scope: 'target',
    message: (failure: UpstreamFailure) => `${where(failure)} could not be reached or broke the connection off`,
  },
  TARGET_OPTION_INVALID: {
    status: 500,
    retryable: false,
    scope: 'target',
    message: ({
      targetId,
      option,
      value,
      allowed,
    }: {
      readonly targetId: string
      readonly option: string
      readonly value: string
      readonly allowed: string
    }) => `target '${targetId}': option '${option}' is '${value}'; use ${allowed}`,
  },
})
