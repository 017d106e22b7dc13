/** A StepRunner whose journal is a map: steps of one operation run once, until the object is dropped. */
import type { StepRunner } from '../contracts/step-runner.ts'
import { coreErrors } from '../error/core-errors.ts'

/** Journals results as JSON text, so that a result which does not survive it fails here as it would anywhere. */
export function createMemoryStepRunner(): StepRunner {
  const journals = new Map<string, Map<string, string | undefined>>()
  return {
    contract: 'step-runner/1',
    run: (operationId, body, signal) => {
      const journal = journals.get(operationId) ?? new Map<string, string | undefined>()
      journals.set(operationId, journal)
      return body(async (name, action) => {
        if (signal.aborted) throw coreErrors.ABORTED({ what: `the step '${name}'` }, { cause: signal.reason })
        if (!journal.has(name)) {
          const result: unknown = await action(signal)
          journal.set(name, result === undefined ? undefined : JSON.stringify(result))
        }
        const text = journal.get(name)
        // What the action returned when the step of this name ran; the caller uses one name for one type.
        return (text === undefined ? undefined : JSON.parse(text)) as never
      })
    },
  }
}
