/** What a SecretStore can answer instead of a secret; none of it holds a part of one. */
import { defineErrors } from '../error/define-errors.ts'

interface ReferenceDetails {
  readonly reference: string
}

/** Codes `CORE_SECRET_…`. */
export const secretStoreErrors = defineErrors('CORE', {
  SECRET_REFERENCE_INVALID: {
    status: 400,
    retryable: false,
    message: ({ reference, expected }: ReferenceDetails & { readonly expected: string }) =>
      `'${reference}' is not a reference to a secret; write ${expected}`,
  },
  SECRET_NOT_FOUND: {
    status: 404,
    retryable: false,
    scope: 'credential',
    message: ({ reference, fix }: ReferenceDetails & { readonly fix: string }) => `there is no secret behind '${reference}'; ${fix}`,
  },
  SECRET_UNREADABLE: {
    status: 500,
    retryable: false,
    scope: 'credential',
    message: ({ reference, reason }: ReferenceDetails & { readonly reason: string }) =>
      `the secret behind '${reference}' cannot be read (${reason}); check the file and its permissions`,
  },
})
