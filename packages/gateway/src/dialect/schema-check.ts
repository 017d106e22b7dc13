/** Checks a value against a schema and turns the first problem into an error that names the field. */
import type { z } from 'zod'
import { dialectErrors } from './dialect-errors.ts'

interface Issue {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly errors?: readonly (readonly Issue[])[] | undefined
}

/** The issue that went deepest: of a union's branches, the one that the caller most likely meant. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || issue.errors === undefined) return issue
  let best: Issue = issue
  for (const branch of issue.errors) {
    const first = branch[0]
    if (first === undefined) continue
    const nested = deepest({ ...first, path: [...issue.path, ...first.path] })
    if (nested.path.length > best.path.length) best = nested
  }
  return best
}

/** The parsed value. Throws GATEWAY_FIELD_INVALID; `path` is where the value stands in the body. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, path = ''): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  // zod's issues carry these fields; its own union of issue types differs between versions.
  const issue = deepest((result.error.issues as readonly Issue[])[0] ?? { path: [], message: 'is invalid' })
  const field = [path, ...issue.path.map(String)].filter((step) => step !== '').join('.')
  throw dialectErrors.FIELD_INVALID({
    field: field === '' ? '(body)' : field,
    problem: `is not valid (${issue.message})`,
    fix: 'correct the value or leave the field out',
  })
}

/** A field error with the same shape, for rules that no schema says. */
export const fieldInvalid = (field: string, problem: string, fix: string) => dialectErrors.FIELD_INVALID({ field, problem, fix })
