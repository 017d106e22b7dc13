/** The errors of fetching a URL that somebody else chose. */
import { defineErrors } from '@bud-foundry/core'

/** What tenants see names the URL they gave, never the address behind it: a filter that tells what it found is a port scanner. */
export const ssrfErrors = defineErrors('GATEWAY', {
  URL_REFUSED: {
    status: 400,
    retryable: false,
    message: ({ url }: { readonly url: string; readonly reason: string }) =>
      `The gateway does not call '${url}'. Use an http or https URL without a user and password, on a public host; the operator of the gateway can allow others.`,
  },
  URL_FETCH_FAILED: {
    status: 502,
    retryable: true,
    message: ({ url, problem }: { readonly url: string; readonly problem: string }) => `'${url}' could not be fetched: ${problem}.`,
  },
})
