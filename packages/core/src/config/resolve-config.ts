/** Schema and input to a frozen config, or one error that lists every problem with its path and fix. */
import type { z } from 'zod'
import { coreErrors } from '../error/core-errors.ts'
import { coreLimits } from '../limits.ts'
import { toConfigIssues } from './config-issues.ts'

export { toConfigIssues } from './config-issues.ts'

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}

/**
 * The parsed and deeply frozen config. Instances of classes in it (URL, Map, a store) are left as they are.
 * @param what Starts the message of the error, e.g. `gateway config`.
 * @throws CORE_CONFIG_INVALID with every issue at once.
 */
export function resolveConfig<Schema extends z.ZodType>(what: string, schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return deepFreeze(result.data)
  const all = toConfigIssues(result.error, schema)
  const issues = all.slice(0, coreLimits.configIssuesMax)
  if (all.length > issues.length) {
    issues.push({ path: '(root)', message: `has ${String(all.length - issues.length)} more problems`, fix: 'correct these first' })
  }
  throw coreErrors.CONFIG_INVALID({ what, issues })
}
