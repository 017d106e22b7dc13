/** What a Store can answer instead of a result. */
import { defineErrors } from '../error/define-errors.ts'

interface PathDetails {
  readonly path: string
}

/** Codes `CORE_STORE_…`; the retryable ones say that the same call may succeed later. */
export const storeErrors = defineErrors('CORE', {
  STORE_INPUT_INVALID: {
    status: 400,
    retryable: false,
    message: ({ field, problem, fix }: { readonly field: string; readonly problem: string; readonly fix: string }) =>
      `the store refused '${field}': ${problem}; ${fix}`,
  },
  STORE_FULL: {
    status: 503,
    retryable: true,
    message: ({ what, limit }: { readonly what: string; readonly limit: number }) =>
      `the store holds as many ${what} as it may (${String(limit)}); delete or expire some, or raise the limit`,
  },
  STORE_CLOSED: {
    status: 503,
    retryable: false,
    message: ({ store }: { readonly store: string }) => `the ${store} store is closed; create a new one`,
  },
  STORE_BUSY: {
    status: 503,
    retryable: true,
    message: ({ what, fix }: { readonly what: string; readonly fix: string }) => `the store is busy: ${what}; ${fix}`,
  },
  STORE_TIMEOUT: {
    status: 503,
    retryable: true,
    message: ({ operation, timeoutMs }: { readonly operation: string; readonly timeoutMs: number }) =>
      `the store did not answer '${operation}' within ${String(timeoutMs)} ms; it may still have happened`,
  },
  STORE_UNREACHABLE: {
    status: 503,
    retryable: true,
    message: ({ what, fix }: { readonly what: string; readonly fix: string }) => `the store cannot be reached: ${what}; ${fix}`,
  },
  STORE_FAILED: {
    status: 500,
    retryable: false,
    message: ({ what }: { readonly what: string }) => `the store failed: ${what}`,
  },
  STORE_UNWRITABLE: {
    status: 500,
    retryable: false,
    message: ({ path, reason }: PathDetails & { readonly reason: string }) =>
      `the store cannot write '${path}' (${reason}); check that the directory exists, is writable and has free space`,
  },
  STORE_NOT_OURS: {
    status: 500,
    retryable: false,
    message: ({ path }: PathDetails) => `'${path}' is not a Bud Foundry store; point at another file, or move this one away`,
  },
  STORE_VERSION_NEWER: {
    status: 500,
    retryable: false,
    message: ({ path, found, supported }: PathDetails & { readonly found: number; readonly supported: number }) =>
      `'${path}' has store version ${String(found)}, and this program knows versions up to ${String(supported)}; upgrade the program, or use another path`,
  },
  STORE_LOCKED: {
    status: 500,
    retryable: false,
    message: ({ path }: PathDetails) => `'${path}' is in use by another process; stop it, or use another directory`,
  },
})
