/** The error catalogue of core. */
import { defineErrors } from './define-errors.ts'

export interface ConfigIssue {
  /** Dotted path of the field, `(root)` for the whole value. */
  readonly path: string
  readonly message: string
  /** What to write instead. */
  readonly fix: string | undefined
}

const listIssues = (issues: readonly ConfigIssue[]) =>
  issues.map(({ path, message, fix }) => `  ${path}: ${message}${fix === undefined ? '' : ` (${fix})`}`).join('\n')

export const coreErrors = defineErrors('CORE', {
  CONFIG_INVALID: {
    status: 400,
    retryable: false,
    message: ({ what, issues }: { readonly what: string; readonly issues: readonly ConfigIssue[] }) =>
      `${what} has ${String(issues.length)} problem${issues.length === 1 ? '' : 's'}:\n${listIssues(issues)}`,
  },
  ABORTED: {
    status: 499,
    retryable: false,
    message: ({ what }: { readonly what: string }) => `${what} was aborted by its caller`,
  },
  SSE_FRAME_TOO_LARGE: {
    status: 502,
    retryable: false,
    scope: 'target',
    message: ({ limitBytes }: { readonly limitBytes: number }) =>
      `a server-sent event exceeds ${String(limitBytes)} bytes; the stream is not one of events, or raise frameBytesMax`,
  },
  SSE_FIELD_INVALID: {
    status: 500,
    retryable: false,
    message: ({ field }: { readonly field: 'event' | 'id' | 'retryMs' | 'comment' }) =>
      `the field '${field}' of a server-sent event ${field === 'retryMs' ? 'must be a whole number of milliseconds, 0 or more' : 'must not contain line breaks or NUL'}; correct it before encoding`,
  },
  TRANSPORT_FAILED: {
    status: 502,
    retryable: true,
    scope: 'target',
    message: ({ host, reason }: { readonly host: string; readonly reason: string }) =>
      `the call to ${host} failed: ${reason}; check that it is running and reachable`,
  },
  TRANSPORT_TIMEOUT: {
    status: 504,
    retryable: true,
    scope: 'target',
    message: ({
      host,
      phase,
      limitMs,
    }: {
      readonly host: string
      readonly phase: 'connect' | 'headers' | 'idle'
      readonly limitMs: number
    }) => `${host} exceeded the ${phase} timeout of ${String(limitMs)} ms; raise the timeout or check the upstream's load`,
  },
  INVARIANT_BROKEN: {
    status: 500,
    retryable: false,
    message: ({ what }: { readonly what: string }) => `a bug in Bud Foundry: ${what}; please report it`,
  },
})
