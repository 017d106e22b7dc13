/** Makes a small value that satisfies a JSON schema, for structured output and tool calls. */

const textFor = (name: string) => `simulated ${name.replaceAll(/[_-]+/g, ' ')}`.trim()
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const depthLimit = 12

function resolveReference(
  schema: Readonly<Record<string, unknown>>,
  root: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const reference = schema['$ref']
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return schema
  let target: unknown = root
  for (const step of reference.slice(2).split('/')) target = isObject(target) ? target[step] : undefined
  return isObject(target) ? target : {}
}

function objectValue(
  schema: Readonly<Record<string, unknown>>,
  root: Readonly<Record<string, unknown>>,
  depth: number,
): Record<string, unknown> {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, part]) =>
      isObject(part) ? [[name, schemaValue(part, name, root, depth + 1)] as const] : [],
    ),
  )
}

/** A value of the schema's first choice at every point; strings say that they are simulated. */
export function schemaValue(
  given: Readonly<Record<string, unknown>>,
  name = 'value',
  root: Readonly<Record<string, unknown>> = given,
  depth = 0,
): unknown {
  const schema = resolveReference(given, root)
  if (depth > depthLimit) return null
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) return schema['enum'][0] as unknown // Array.isArray widens unknown to any[].
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    const choices = schema[key]
    const first: unknown = Array.isArray(choices) ? choices[0] : undefined
    if (isObject(first)) return schemaValue(first, name, root, depth + 1)
  }
  const type: unknown = Array.isArray(schema['type']) ? schema['type'][0] : schema['type']
  switch (type) {
    case 'string':
      return schema['format'] === 'date' ? '2026-01-01' : schema['format'] === 'date-time' ? '2026-01-01T00:00:00Z' : textFor(name)
    case 'integer':
    case 'number':
      return typeof schema['minimum'] === 'number' ? schema['minimum'] : 1
    case 'boolean':
      return true
    case 'null':
      return null
    case 'array':
      return isObject(schema['items']) ? [schemaValue(schema['items'], name, root, depth + 1)] : []
    default:
      return type === 'object' || isObject(schema['properties']) ? objectValue(schema, root, depth) : textFor(name)
  }
}
