/** The error catalogue of cluster. */
import { defineErrors } from '@bud-foundry/core'

export const clusterErrors = defineErrors('CLUSTER', {
  PLAN_UNDEPLOYABLE: {
    status: 422,
    retryable: false,
    message: ({ name, problem, fix }: { readonly name: string; readonly problem: string; readonly fix: string }) =>
      `plan '${name}' cannot be deployed: ${problem}; ${fix}`,
  },
})
