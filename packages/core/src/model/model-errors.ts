/** What can be wrong with a model configuration. */
import type { ConfigIssue } from '../error/core-errors.ts'
import { defineErrors } from '../error/define-errors.ts'

const list = (issues: readonly ConfigIssue[]) =>
  issues.map(({ path, message, fix }) => `  ${path}: ${message}${fix === undefined ? '' : ` (${fix})`}`).join('\n')

/** Errors of `parseModelConfig`. */
export const modelErrors = defineErrors('CORE', {
  MODEL_CONFIG_INVALID: {
    status: 400,
    retryable: false,
    message: ({ id, issues }: { readonly id: string; readonly issues: readonly ConfigIssue[] }) =>
      `the configuration of model '${id}' cannot be read:\n${list(issues)}\n  Give the config.json of a Hugging Face language model.`,
  },
  MODEL_KIND_UNSUPPORTED: {
    status: 400,
    retryable: false,
    message: ({ id, kind, fix }: { readonly id: string; readonly kind: string; readonly fix: string }) =>
      `model '${id}' is ${kind}, which cannot be described yet; ${fix}`,
  },
})
