/** The error catalogue of the dialects: what is wrong with a caller's body, or with bytes that claim to be in a dialect. */
import { defineErrors } from '@bud-foundry/core'

export const dialectErrors = defineErrors('GATEWAY', {
  BODY_MALFORMED: {
    status: 400,
    retryable: false,
    message: ({ reason, position }: { readonly reason: string; readonly position: number }) =>
      `the request body is no valid JSON object: ${reason} at byte ${String(position)}; send well-formed JSON`,
  },
  FIELD_INVALID: {
    status: 400,
    retryable: false,
    message: ({ field, problem, fix }: { readonly field: string; readonly problem: string; readonly fix: string }) =>
      `'${field}' ${problem}; ${fix}`,
  },
  NOT_EXPRESSIBLE: {
    status: 400,
    retryable: false,
    message: ({ field, upstream, reason }: { readonly field: string; readonly upstream: string; readonly reason: string }) =>
      `'${field}' cannot be expressed to the upstream '${upstream}': ${reason}`,
  },
  ANSWER_MALFORMED: {
    status: 502,
    retryable: true,
    scope: 'target',
    message: ({ dialect, reason }: { readonly dialect: string; readonly reason: string }) =>
      `the upstream's answer is no valid ${dialect} answer: ${reason}`,
  },
})
