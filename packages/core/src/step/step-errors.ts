/** What a StepRunner can answer instead of a result. */
import { defineErrors } from '../error/define-errors.ts'

interface OperationDetails {
  readonly operationId: string
}
interface StepDetails extends OperationDetails {
  readonly step: string
}

/** Codes `CORE_STEP_…`. */
export const stepErrors = defineErrors('CORE', {
  STEP_OPERATION_BUSY: {
    status: 409,
    retryable: true,
    message: ({ operationId, holder }: OperationDetails & { readonly holder: string }) =>
      `operation '${operationId}' is being run by '${holder}'; wait for it, or try again once that runner is gone`,
  },
  STEP_LEASE_LOST: {
    status: 409,
    retryable: true,
    message: ({ operationId }: OperationDetails) =>
      `operation '${operationId}' was taken over by another runner, or the store was out of reach for too long; run it again to resume`,
  },
  STEP_NAME_REPEATED: {
    status: 500,
    retryable: false,
    message: ({ operationId, step }: StepDetails) =>
      `step '${step}' of operation '${operationId}' runs twice; give every step a name of its own, for example with an index`,
  },
  STEP_RESULT_INVALID: {
    status: 500,
    retryable: false,
    message: ({ operationId, step, problem }: StepDetails & { readonly problem: string }) =>
      `the result of step '${step}' of operation '${operationId}' cannot be journaled: ${problem}; return plain data of moderate size`,
  },
  STEP_JOURNAL_DAMAGED: {
    status: 500,
    retryable: false,
    message: ({ operationId, step }: StepDetails) =>
      `the journal of step '${step}' of operation '${operationId}' cannot be read; find out who wrote to it, then forget the operation`,
  },
  STEP_LIMIT_REACHED: {
    status: 500,
    retryable: false,
    message: ({ operationId, limit }: OperationDetails & { readonly limit: number }) =>
      `operation '${operationId}' has more than ${String(limit)} steps; split it`,
  },
})
