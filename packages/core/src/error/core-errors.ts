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
  INVARIANT_BROKEN: {
    status: 500,
    retryable: false,
    message: ({ what }: { readonly what: string }) => `a bug in Bud Foundry: ${what}; please report it`,
  },
})
