/** Schema and input to a frozen config, or one error that lists every problem with its path and fix. */
import type { z } from 'zod'
import { coreErrors, type ConfigIssue } from '../error/core-errors.ts'

function fixOf(issue: z.core.$ZodIssue): string | undefined {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `remove ${issue.keys.map((key) => `'${key}'`).join(', ')} or correct the spelling`
    case 'invalid_type':
      return `write a value of type ${issue.expected}`
    case 'invalid_value':
      return `use one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`
    case 'too_small':
      return `use at least ${String(issue.minimum)}`
    case 'too_big':
      return `use at most ${String(issue.maximum)}`
    default:
      return undefined
  }
}

/** The problems of a failed parse, one per field; values themselves are never repeated, so that no secret is. */
export function toConfigIssues(error: z.core.$ZodError): readonly ConfigIssue[] {
  return error.issues.map((issue) => ({
    path: issue.path.length === 0 ? '(root)' : issue.path.map(String).join('.'),
    message: issue.message,
    fix: fixOf(issue),
  }))
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && !Array.isArray(value)) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}

/** @throws CORE_CONFIG_INVALID with every issue at once. `what` starts the message, e.g. `gateway config`. */
export function resolveConfig<Schema extends z.ZodType>(what: string, schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input)
  if (!result.success) throw coreErrors.CONFIG_INVALID({ what, issues: toConfigIssues(result.error) })
  return deepFreeze(result.data)
}
