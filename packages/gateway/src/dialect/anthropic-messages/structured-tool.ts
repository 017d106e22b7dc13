/** The tool that stands in for structured output on models without it: its input is the answer. */

/** A name that no caller uses by chance. */
export const structuredToolName = 'bud_structured_output'

/** What the grammar behind `output_config.format` requires: every object says that it has no further members. */
export function closeObjects(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closeObjects)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).map(([key, value]) => [key, literalKeys.has(key) ? value : closeObjects(value)] as const)
  const closed: Record<string, unknown> = Object.fromEntries(entries)
  const isObject = closed['type'] === 'object' || (Array.isArray(closed['type']) && closed['type'].includes('object'))
  return isObject && closed['additionalProperties'] === undefined ? { ...closed, additionalProperties: false } : closed
}

/** Keywords whose values are data and no schemas. */
const literalKeys: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples', 'required'])
