/** Turns a package's table of error specs into typed factories and guards. */
import { BudError, isBudError, type ErrorSpec } from './bud-error.ts'

type Spec = ErrorSpec<never>
type DetailsOf<S extends Spec> = Parameters<S['message']> extends [infer D, ...unknown[]] ? D : undefined
/** What an error may carry beside its details. */
export interface ThrowOptions {
  readonly cause?: unknown
  readonly retryAfterMs?: number
}
/** Makes errors of one code, and recognises them. */
export interface ErrorFactory<Code extends string, Details> {
  (
    ...args: Details extends undefined ? [details?: undefined, options?: ThrowOptions] : [details: Details, options?: ThrowOptions]
  ): BudError<Code, Details>
  is(error: unknown): error is BudError<Code, Details>
  readonly code: Code
  readonly spec: Spec
}

/** Turns a table of specs into typed factories: `throw gatewayErrors.NO_TARGET({ model })`, `gatewayErrors.NO_TARGET.is(error)`. */
export function defineErrors<const Prefix extends string, Table extends Record<string, Spec>>(
  prefix: Prefix,
  table: Table,
): { readonly [Key in keyof Table & string]: ErrorFactory<`${Prefix}_${Key}`, DetailsOf<Table[Key]>> } {
  const factories: Record<string, unknown> = {}
  for (const [key, spec] of Object.entries(table)) {
    const code = `${prefix}_${key}`
    const make = (details: never, options: ThrowOptions = {}): BudError =>
      new BudError({
        code,
        status: spec.status,
        retryable: spec.retryable,
        scope: spec.scope ?? 'request',
        retryAfterMs: options.retryAfterMs,
        message: spec.message(details),
        details,
        cause: options.cause,
      })
    factories[key] = Object.assign(make, { is: (error: unknown) => isBudError(error) && error.code === code, code, spec })
  }
  // The loop above builds exactly the mapped type; TypeScript cannot follow it through Object.entries.
  return factories as never
}
