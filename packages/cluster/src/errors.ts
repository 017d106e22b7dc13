/** The error catalogue of cluster. */
import { defineErrors } from '@bud-foundry/core'

export const clusterErrors = defineErrors('CLUSTER', {
  BODY_TOO_LARGE: {
    status: 413,
    retryable: false,
    message: ({ bytesMax }: { readonly bytesMax: number }) =>
      `the request body is larger than ${String(bytesMax)} bytes; a plan is a few kilobytes`,
  },
  PLAN_UNDEPLOYABLE: {
    status: 422,
    retryable: false,
    message: ({ name, problem, fix }: { readonly name: string; readonly problem: string; readonly fix: string }) =>
      `plan '${name}' cannot be deployed: ${problem}; ${fix}`,
  },
})
