/** Assertions for programmer errors: what fails here is a bug, never bad input. */
import { coreErrors } from './core-errors.ts'

/** Throws CORE_INVARIANT_BROKEN when the condition is false. */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw coreErrors.INVARIANT_BROKEN({ what })
}

/** Marks a branch that the type checker has proven empty. */
export function unreachable(value: never): never {
  throw coreErrors.INVARIANT_BROKEN({ what: `unreachable branch reached with ${JSON.stringify(value)}` })
}
