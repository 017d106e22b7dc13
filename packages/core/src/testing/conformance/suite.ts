/** What the conformance suites share: registering cases, frozen inputs, checks of errors. */
import assert from 'node:assert/strict'
import { isBudError, type BudError } from '../../error/bud-error.ts'
import type { SuiteRunner } from './suite-runner.ts'

/** One rule of a contract. */
export type ConformanceCase = readonly [title: string, body: () => Promise<void> | void]

/** Registers the cases under one heading; fails to when there are none, because a suite that checks nothing always passes. */
export function registerCases({ describe, test }: SuiteRunner, heading: string, cases: readonly ConformanceCase[]): void {
  assert.ok(cases.length > 0, `${heading}: no case to run`)
  describe(heading, () => {
    for (const [title, body] of cases) {
      test(title, async () => {
        await body()
      })
    }
  })
}

/** Freezes plain objects and lists within, so that whoever writes to an input throws. */
export function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) return value
  for (const part of Object.values(value)) frozen(part)
  return Object.freeze(value)
}

/** Runs the action; only a BudError may come out of it beside a result. */
export function resultOrBudError<Value>(action: () => Value, what: string): { readonly value: Value } | { readonly error: BudError } {
  try {
    return { value: action() }
  } catch (error) {
    assert.ok(isBudError(error), `${what} must throw a BudError and nothing else, and threw ${String(error)}`)
    return { error }
  }
}

/** Runs the action, which must throw a BudError with this HTTP status. */
export function assertBudError(action: () => unknown, status: number, what: string): BudError {
  const outcome = resultOrBudError(action, what)
  assert.ok('error' in outcome, `${what} must be refused, and was accepted`)
  assert.equal(outcome.error.status, status, `${what} must be refused with status ${String(status)}`)
  return outcome.error
}

const encoder = new TextEncoder()

/** Bodies that no JSON API sends or takes: codecs answer them with a BudError, never with another error or a hang. */
export const malformedBodies: readonly (readonly [name: string, body: Uint8Array])[] = [
  ['nothing', new Uint8Array(0)],
  ['broken JSON', encoder.encode('{"model":')],
  ['null', encoder.encode('null')],
  ['a list', encoder.encode('[]')],
  ['a text', encoder.encode('"text"')],
  ['HTML', encoder.encode('<html>502 Bad Gateway</html>')],
  ['bytes that are not UTF-8', Uint8Array.of(0xff, 0xfe, 0x00, 0x80)],
  ['deep nesting', encoder.encode('['.repeat(20_000))],
]
