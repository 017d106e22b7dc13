/** The errors of looking at callers. */
import { defineErrors } from '@bud-foundry/core'

export const clientInfoErrors = defineErrors('GATEWAY', {
  GEO_DATABASE_UNREADABLE: {
    status: 500,
    retryable: false,
    message: ({ path, reason }: { readonly path: string; readonly reason: string }) =>
      `the location database '${path}' cannot be read: ${reason}; give the path of an .mmdb file`,
  },
})
