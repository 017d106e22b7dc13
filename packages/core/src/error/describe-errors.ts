/** Lists an error catalogue as data, for documentation: each message with placeholders where its details would stand. */
import type { FailureScope } from './bud-error.ts'
import type { ErrorFactory } from './define-errors.ts'

/** One row of the page of errors. */
export interface ErrorDescription {
  readonly code: string
  /** HTTP status that the error answers with. */
  readonly status: number
  readonly retryable: boolean
  readonly scope: FailureScope
  /** The message, with `<name>` for each detail. */
  readonly template: string
}

/** Any catalogue that `defineErrors` made. */
export type ErrorCatalogue = Readonly<Record<string, Pick<ErrorFactory<string, never>, 'code' | 'spec'>>>

/** Stands for a detail of any type: whatever is read of it or called on it prints as its name in angle brackets. */
function placeholder(name: string): object {
  const print = () => `<${name}>`
  return new Proxy(print, {
    get: (_, property): unknown => {
      if (property === Symbol.toPrimitive || property === 'toString' || property === 'toJSON') return print
      if (property === Symbol.iterator) {
        return function* () {
          yield placeholder(name)
        }
      }
      if (typeof property === 'symbol') return undefined
      // A method (map, join, slice, toFixed) prints as the detail itself; a field of a detail as its path.
      return property in Array.prototype || property in Number.prototype || property in String.prototype
        ? property === 'length'
          ? placeholder(`${name}.length`)
          : () => placeholder(name)
        : placeholder(name === '' ? property : `${name}.${property}`)
    },
  })
}

function templateOf(spec: ErrorCatalogue[string]['spec']): string {
  if (spec.template !== undefined) return spec.template
  // A placeholder answers every property, so it can stand for the details of every spec.
  return spec.message(placeholder('') as never)
}

/** Every entry, in order of the catalogue. Throws what a message throws on placeholders; give such an entry a `template`. */
export function describeErrors(catalogue: ErrorCatalogue): readonly ErrorDescription[] {
  return Object.values(catalogue).map(({ code, spec }) => ({
    code,
    status: spec.status,
    retryable: spec.retryable,
    scope: spec.scope ?? 'request',
    template: templateOf(spec),
  }))
}
