/** What others have added to an object of ours: fields that they own and we do not, as the server has noted it. */
import { z } from 'zod'
import type { KubernetesObject } from '../kubernetes/kubernetes-api.ts'
import { fieldManager } from '../kubernetes/ownership.ts'

/** Of these nobody else has to set anything; claims, jobs and autoscalers have controllers that do. */
const watchedKinds = new Set(['Deployment', 'LeaderWorkerSet', 'Service', 'NetworkPolicy', 'PodDisruptionBudget'])

type Fields = { readonly [key: string]: Fields }
const fieldsSchema: z.ZodType<Fields> = z.lazy(() => z.record(z.string(), fieldsSchema))
const managedSchema = z.looseObject({
  managedFields: z
    .array(z.looseObject({ manager: z.string().default(''), subresource: z.string().default(''), fieldsV1: fieldsSchema.default({}) }))
    .default([]),
})

/** `f:spec`, `f:containers`, `k:{"name":"engine"}`, … (kubernetes.io/docs/reference/using-api/server-side-apply, FieldsV1). */
type Path = readonly string[]

export interface ForeignField {
  readonly manager: string
  /** `spec.template.spec.containers[engine].env[HACK]`. */
  readonly path: string
  readonly segments: Path
}

const keyOf = (path: Path) => path.join('\u0000')

/** Leaves, and with `.` the items and maps that a manager has made. */
function* leavesOf(fields: Fields, path: Path): Iterable<Path> {
  for (const [key, below] of Object.entries(fields)) {
    if (key === '.') yield path
    else if (Object.keys(below).length === 0) yield [...path, key]
    else yield* leavesOf(below, [...path, key])
  }
}

const itemKeys = (segment: string): Readonly<Record<string, unknown>> =>
  z.record(z.string(), z.unknown()).parse(JSON.parse(segment.slice(2)))

function readable(path: Path): string {
  const parts = path.map((segment) =>
    segment.startsWith('k:') ? `[${Object.values(itemKeys(segment)).join(' ')}]` : `.${segment.slice(2)}`,
  )
  return parts.join('').slice(1)
}

/** Notes of restarts (`kubectl rollout restart`) and the like stand in metadata, and change nothing that runs. */
const isOfInterest = (path: Path) => path[0] === 'f:spec' && !path.includes('f:metadata') && path.every((segment) => /^[fk]:/.test(segment))

/** The topmost fields that others own alone. */
export function foreignFields({ kind, metadata }: KubernetesObject): readonly ForeignField[] {
  if (!watchedKinds.has(kind)) return []
  const entries = managedSchema.parse(metadata).managedFields.filter(({ subresource }) => subresource === '')
  const pathsOf = (ours: boolean) =>
    entries
      .filter(({ manager }) => (manager === fieldManager) === ours)
      .flatMap(({ manager, fieldsV1 }) => [...leavesOf(fieldsV1, [])].map((segments) => ({ manager, segments })))
      .filter(({ segments }) => isOfInterest(segments))
  const own = pathsOf(true).map(({ segments }) => segments)
  const isOurs = (path: Path) => own.some((mine) => path.every((segment, index) => mine[index] === segment))
  const foreign = pathsOf(false).filter(({ segments }) => !isOurs(segments))
  const keys = new Set(foreign.map(({ segments }) => keyOf(segments)))
  const hasForeignParent = (path: Path) => path.some((_, index) => index > 0 && keys.has(keyOf(path.slice(0, index))))
  const seen = new Set<string>()
  return foreign.flatMap(({ manager, segments }) => {
    const key = keyOf(segments)
    if (seen.has(key) || hasForeignParent(segments)) return []
    seen.add(key)
    return [{ manager, path: readable(segments), segments }]
  })
}

/** Whether we own a field, and nobody else does: letting go of it would give it the server's default. */
export function isOwnedAlone({ metadata }: KubernetesObject, wanted: Path): boolean {
  const owners = managedSchema
    .parse(metadata)
    .managedFields.filter(({ fieldsV1 }) => [...leavesOf(fieldsV1, [])].some((path) => keyOf(path) === keyOf(wanted)))
  return owners.length === 1 && owners[0]?.manager === fieldManager
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function removeAt(value: unknown, [segment, ...rest]: Path): unknown {
  if (segment === undefined) return undefined
  if (segment.startsWith('k:') && Array.isArray(value)) {
    const wanted = Object.entries(itemKeys(segment))
    return (value as readonly unknown[]).flatMap((item) => {
      if (!isRecord(item) || !wanted.every(([key, part]) => item[key] === part)) return [item]
      const left = removeAt(item, rest)
      return left === undefined ? [] : [left]
    })
  }
  const name = segment.slice(2)
  if (!isRecord(value) || !(name in value)) return value
  const left = removeAt(value[name], rest)
  const { [name]: _, ...others } = value
  return left === undefined ? others : { ...others, [name]: left }
}

/** The object without them; the same object when there are none. */
export function withoutForeign(object: KubernetesObject): KubernetesObject {
  const fields = foreignFields(object)
  // Safe: only fields below `spec` go.
  return fields.reduce((left, { segments }) => removeAt(left, segments) as KubernetesObject, object)
}
