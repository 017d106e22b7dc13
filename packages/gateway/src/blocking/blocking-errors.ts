/** The errors of blocking; what a caller sees names no rule, so that nobody can feel their way around it. */
import { defineErrors } from '@bud-foundry/core'

export const blockingErrors = defineErrors('GATEWAY', {
  BLOCKED: {
    status: 403,
    retryable: false,
    message: () => 'This gateway does not accept requests from you. Ask its operator if you think that it should.',
  },
  BLOCKED_RATE: {
    status: 429,
    retryable: true,
    message: () => 'Too many requests from your address. Wait as long as Retry-After says, then send fewer.',
  },
  BLOCKING_STORE_SLOW: {
    status: 503,
    retryable: true,
    message: ({ timeoutMs }: { readonly timeoutMs: number }) =>
      `the store did not count a request within ${String(timeoutMs)} ms; rates are counted in this process for a moment`,
  },
  BLOCKING_RULE_INVALID: {
    status: 400,
    retryable: false,
    message: ({ field, problem }: { readonly field: string; readonly problem: string }) => `blocking rule: ${field}: ${problem}`,
  },
  BLOCKING_RULE_LIMIT: {
    status: 507,
    retryable: false,
    message: ({ limit }: { readonly limit: number }) => `there are already ${String(limit)} blocking rules; remove some first`,
  },
  BLOCKING_RULE_CONFIGURED: {
    status: 409,
    retryable: false,
    message: ({ id }: { readonly id: string }) => `the blocking rule '${id}' comes from the configuration; change it there`,
  },
})
