/** Of a field that a schema does not know: the one that was probably meant. */
import { closest, distance } from 'fastest-levenshtein'
import type { z } from 'zod'

type Schema = z.core.$ZodType

/** One edit in every three characters: more is another word. */
const charactersPerEdit = 3

/** What stands below `schema` under `key`, through whatever it is wrapped in; several for a union. */
function below(schema: Schema, key: PropertyKey): readonly Schema[] {
  return bare(schema).flatMap((inner): readonly Schema[] => {
    const { def } = inner._zod
    if (isKind(def, 'object')) return [def.shape[String(key)] ?? def.catchall].filter((field) => field !== undefined)
    if (isKind(def, 'array')) return [def.element]
    if (isKind(def, 'record')) return [def.valueType]
    return []
  })
}

interface Definitions {
  readonly object: z.core.$ZodObjectDef
  readonly array: z.core.$ZodArrayDef
  readonly record: z.core.$ZodRecordDef
  readonly union: z.core.$ZodUnionDef
  readonly pipe: z.core.$ZodPipeDef
}

const isKind = <Kind extends keyof Definitions>(def: z.core.$ZodTypeDef, kind: Kind): def is Definitions[Kind] & z.core.$ZodTypeDef =>
  def.type === kind

/** A schema without defaults, options and transformations; all branches of a union. */
function bare(schema: Schema): readonly Schema[] {
  const { def } = schema._zod
  if (isKind(def, 'union')) return def.options.flatMap(bare)
  if (isKind(def, 'pipe')) return [...bare(def.in), ...bare(def.out)]
  // Optional, nullable, default, prefault, catch, readonly: all hold one schema.
  if ('innerType' in def) return bare(def.innerType as Schema)
  return [schema]
}

/** The closest name among those that `schema` knows at `path`, undefined when none is close. */
export function meantField(schema: Schema, path: readonly PropertyKey[], name: string): string | undefined {
  const places = path.reduce<readonly Schema[]>((schemas, key) => schemas.flatMap((each) => below(each, key)), [schema])
  const known = places.flatMap(bare).flatMap(({ _zod: { def } }) => (isKind(def, 'object') ? Object.keys(def.shape) : []))
  if (known.length === 0) return undefined
  const nearest = closest(
    name.toLowerCase(),
    known.map((field) => field.toLowerCase()),
  )
  const meant = known.find((field) => field.toLowerCase() === nearest)
  return meant !== undefined && distance(name.toLowerCase(), nearest) <= Math.ceil(name.length / charactersPerEdit) ? meant : undefined
}
