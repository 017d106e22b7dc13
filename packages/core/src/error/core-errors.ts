/** The error catalogue of core. */
import { defineErrors } from './define-errors.ts'

/** One problem of a config. */
export interface ConfigIssue {
  /** Dotted path of the field, `(root)` for the whole value. */
  readonly path: string
  readonly message: string
  /** What to write instead. */
  readonly fix: string | undefined
}

const listIssues = (issues: readonly ConfigIssue[]) =>
  issues.map(({ path, message, fix }) => `  ${path}: ${message}${fix === undefined ? '' : ` (${fix})`}`).join('\n')

/** The errors that core itself throws. */
export const coreErrors = defineErrors('CORE', {
  CONFIG_INVALID: {
    status: 400,
    retryable: false,
    message: ({ what, issues }: { readonly what: string; readonly issues: readonly ConfigIssue[] }) =>
      `${what} has ${String(issues.length)} problem${issues.length === 1 ? '' : 's'}:\n${listIssues(issues)}`,
  },
  DEADLINE_EXCEEDED: {
    status: 504,
    retryable: false,
    message: ({ what, budgetMs }: { readonly what: string; readonly budgetMs: number }) =>
      `${what} did not end within ${String(budgetMs)} ms; allow more time, or ask for less`,
  },
  WAITERS_FULL: {
    status: 503,
    retryable: true,
    message: ({ what, limit }: { readonly what: string; readonly limit: number }) =>
      `${what} has ${String(limit)} callers waiting already; try again later, or raise the limit`,
  },
  CLOSED: {
    status: 503,
    retryable: false,
    message: ({ what }: { readonly what: string }) => `${what} is closed; create another`,
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
  PRIVATE_KEY_INVALID: {
    status: 500,
    retryable: false,
    message: ({ keyId, reason }: { readonly keyId: string; readonly reason: string }) =>
      `the private key '${keyId}' cannot be used: ${reason}; give an RSA key as PEM (PKCS#1, PKCS#8, or encrypted PKCS#8 with its passphrase)`,
  },
  ENVELOPE_KEY_UNKNOWN: {
    status: 500,
    retryable: false,
    message: ({ keyId, known }: { readonly keyId: string; readonly known: readonly string[] }) =>
      `the secret is sealed with the key '${keyId}', and the key ring has only ${known.join(', ')}; add that key, or restore the secret from a backup`,
  },
  ENVELOPE_TRUNCATED: {
    status: 500,
    retryable: false,
    message: ({ bytes, neededBytes }: { readonly bytes: number; readonly neededBytes: number }) =>
      `the sealed secret ends after ${String(bytes)} of ${String(neededBytes)} bytes; restore it from a backup`,
  },
  ENVELOPE_TAMPERED: {
    status: 500,
    retryable: false,
    message: ({ keyId }: { readonly keyId: string }) =>
      `the secret sealed with the key '${keyId}' was altered, belongs to another context, or was sealed with another key of that id; restore it from a backup`,
  },
  ENVELOPE_UNREADABLE: {
    status: 500,
    retryable: false,
    message: ({ reason }: { readonly reason: string }) => `these bytes are no sealed secret that this version can read: ${reason}`,
  },
  ENVELOPE_TOO_LARGE: {
    status: 413,
    retryable: false,
    message: ({ bytes, limitBytes }: { readonly bytes: number; readonly limitBytes: number }) =>
      `a secret of ${String(bytes)} bytes exceeds the limit of ${String(limitBytes)}; keep large data elsewhere and seal only its key`,
  },
  CREDENTIAL_UNREADABLE: {
    status: 500,
    retryable: false,
    scope: 'credential',
    message: ({ reason }: { readonly reason: string }) => `the encrypted credential cannot be read: ${reason}`,
  },
  INVARIANT_BROKEN: {
    status: 500,
    retryable: false,
    message: ({ what }: { readonly what: string }) => `a bug in Bud Foundry: ${what}; please report it`,
  },
})
