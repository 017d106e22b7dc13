/** Server-side apply as the fake does it: who set which leaf, who may change it, and what goes when nobody claims it any more. */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Leaf path, joined by NUL, to its value. Lists with named items are maps of those; other lists are one leaf. */
export type Leaves = ReadonlyMap<string, Json>

const separator = '\u0000'
/** Keys by which the server merges lists (the x-kubernetes-list-map-keys of its schema). */
const listKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  env: ['name'],
  volumes: ['name'],
  imagePullSecrets: ['name'],
  volumeMounts: ['mountPath'],
  conditions: ['type'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
}

const isRecord = (value: unknown): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function mergeKey(field: string, value: Json): ((item: Json) => string | undefined) | undefined {
  if (!Array.isArray(value)) return undefined
  const keys = field === 'ports' ? portKeys(value) : listKeys[field]
  if (keys === undefined) return undefined
  return (item) => (isRecord(item) ? JSON.stringify(Object.fromEntries(keys.map((key) => [key, item[key] ?? null]))) : undefined)
}

/** Ports of containers merge, those of services too; the rules of a network policy do not. */
function portKeys(items: readonly Json[]): readonly string[] | undefined {
  const [first] = items
  if (!isRecord(first)) return undefined
  if ('containerPort' in first) return ['containerPort', 'protocol']
  return 'targetPort' in first ? ['port', 'protocol'] : undefined
}

function collect(path: readonly string[], value: Json, leaves: Map<string, Json>): void {
  if (isRecord(value)) {
    if (Object.keys(value).length === 0) leaves.set(path.join(separator), value)
    for (const [key, part] of Object.entries(value)) collect([...path, key], part, leaves)
    return
  }
  const keyOf = mergeKey(path.at(-1) ?? '', value)
  if (keyOf === undefined || !Array.isArray(value)) {
    leaves.set(path.join(separator), value)
    return
  }
  for (const item of value as readonly Json[]) collect([...path, `[${keyOf(item) ?? ''}]`], item, leaves)
}

/** The leaves of an object. */
export function leavesOf(object: unknown): Leaves {
  const leaves = new Map<string, Json>()
  // Safe: objects of the API are JSON.
  collect([], object as Json, leaves)
  return leaves
}

/** The object again, from its leaves. */
export function objectOf(leaves: Leaves): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const [path, value] of leaves) place(root, path.split(separator), value)
  return root
}

function place(target: Record<string, unknown>, path: readonly string[], value: Json): void {
  const [key = '', next, ...rest] = path
  if (next === undefined) {
    target[key] = structuredClone(value)
    return
  }
  if (!next.startsWith('[{')) {
    const inner = isRecord(target[key]) ? target[key] : {}
    target[key] = inner
    place(inner, [next, ...rest], value)
    return
  }
  const list: Record<string, unknown>[] = Array.isArray(target[key]) ? (target[key] as Record<string, unknown>[]) : []
  target[key] = list
  // Safe: the key was written by mergeKey.
  const wanted = JSON.parse(next.slice(1, -1)) as Record<string, Json>
  let item = list.find((candidate) => Object.entries(wanted).every(([name, part]) => (candidate[name] ?? null) === part))
  if (item === undefined) {
    item = Object.fromEntries(Object.entries(wanted).filter(([, part]) => part !== null))
    list.push(item)
  }
  place(item, rest, value)
}

/** `spec.replicas`, for messages. */
export const readablePath = (path: string): string => `.${path.split(separator).join('.')}`

/** Leaf paths by manager. */
export type Ownership = ReadonlyMap<string, ReadonlySet<string>>

export interface Merge {
  readonly live: Leaves
  readonly ownership: Ownership
  readonly manager: string
  readonly applied: Leaves
}

/** Fields of other managers that an apply would give another value. */
export function conflictsOf({ live, ownership, manager, applied }: Merge): readonly { readonly manager: string; readonly path: string }[] {
  const same = (path: string) => JSON.stringify(live.get(path)) === JSON.stringify(applied.get(path))
  return [...ownership]
    .filter(([other]) => other !== manager)
    .flatMap(([other, paths]) =>
      [...applied.keys()].filter((path) => paths.has(path) && !same(path)).map((path) => ({ manager: other, path })),
    )
}

/** The object and its owners after an apply; conflicting fields become the applier's. */
export function mergeApplied({ live, ownership, manager, applied }: Merge): { readonly leaves: Leaves; readonly ownership: Ownership } {
  const leaves = new Map(live)
  const conflicting = new Set(conflictsOf({ live, ownership, manager, applied }).map(({ path }) => path))
  const owners = new Map<string, ReadonlySet<string>>()
  for (const [other, paths] of ownership)
    if (other !== manager) owners.set(other, new Set([...paths].filter((path) => !conflicting.has(path))))
  for (const path of ownership.get(manager) ?? []) {
    const claimed = applied.has(path) || [...owners.values()].some((paths) => paths.has(path))
    if (!claimed) leaves.delete(path)
  }
  for (const [path, value] of applied) leaves.set(path, value)
  owners.set(manager, new Set(applied.keys()))
  return { leaves, ownership: owners }
}

/** Owners after a plain write: the writer owns what it changed, and nobody owns what is gone. */
export function ownershipAfterWrite(before: Leaves, after: Leaves, ownership: Ownership, manager: string): Ownership {
  const changed = [...after].filter(([path, value]) => JSON.stringify(before.get(path)) !== JSON.stringify(value)).map(([path]) => path)
  const owners = new Map(
    [...ownership].map(([other, paths]) => [other, new Set([...paths].filter((path) => after.has(path) && !changed.includes(path)))]),
  )
  owners.set(manager, new Set([...(owners.get(manager) ?? []), ...changed]))
  return owners
}

interface Fields {
  [key: string]: Fields
}

/** The same as the server writes it down: `f:` before a name, `k:` before the key of an item, `.` for an item that its manager has made. */
export function toManagedFields(ownership: Ownership): readonly { readonly manager: string; readonly fieldsV1: object }[] {
  return [...ownership].map(([manager, paths]) => {
    const fieldsV1: Fields = {}
    for (const path of paths) {
      let at = fieldsV1
      for (const segment of path.split(separator)) {
        const isItem = segment.startsWith('[{')
        at = at[isItem ? `k:${segment.slice(1, -1)}` : `f:${segment}`] ??= {}
        if (isItem) at['.'] = {}
      }
    }
    return { manager, fieldsV1 }
  })
}
