/** What changes between two versions of an object, field by field, without what the server keeps for itself. */
import { isDeepStrictEqual } from 'node:util'
import { hidden, looksSecret, secretName } from '../deploy/plain-secrets.ts'

export interface FieldChange {
  /** `spec.template.spec.containers[engine].image`. */
  readonly path: string
  readonly before: unknown
  readonly after: unknown
}

const serverMetadata = new Set(['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp', 'selfLink'])

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Lists whose items have names are compared by name, as the server merges them. */
function namedItems(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (!Array.isArray(value)) return undefined
  const items = new Map<string, unknown>()
  for (const item of value as readonly unknown[]) {
    if (!isRecord(item) || typeof item['name'] !== 'string' || items.has(item['name'])) return undefined
    items.set(item['name'], item)
  }
  return items
}

const join = (path: string, key: string) => (path === '' ? key : `${path}.${key}`)

function collect(path: string, before: unknown, after: unknown, found: FieldChange[]): void {
  if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (path === '' && key === 'status') continue
      if (path === 'metadata' && serverMetadata.has(key)) continue
      collect(join(path, key), before[key], after[key], found)
    }
    return
  }
  const [left, right] = [namedItems(before), namedItems(after)]
  if (left !== undefined && right !== undefined && left.size + right.size > 0) {
    for (const name of new Set([...left.keys(), ...right.keys()])) {
      collect(`${path}[${name}]`, left.get(name), right.get(name), found)
    }
    return
  }
  if (!isDeepStrictEqual(before, after)) found.push({ path, before, after })
}

/** Values of environment variables with the name of a secret never leave: they could be one. What a Secret holds is one. */
const masked = (change: FieldChange, isSecret: boolean): FieldChange =>
  (isSecret && /^(data|stringData)(\.|$)/.test(change.path)) ||
  secretName.test(/\.env\[([^\]]+)\]/.exec(change.path)?.[1] ?? '') ||
  [change.before, change.after].some(looksSecret)
    ? {
        path: change.path,
        before: change.before === undefined ? undefined : hidden,
        after: change.after === undefined ? undefined : hidden,
      }
    : change

export function diffObjects(before: unknown, after: unknown): readonly FieldChange[] {
  const found: FieldChange[] = []
  collect('', before, after, found)
  const isSecret = [before, after].some((object) => isRecord(object) && object['kind'] === 'Secret')
  return found.map((change) => masked(change, isSecret))
}
