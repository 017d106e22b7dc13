/** Answers of the Kubernetes API through schemas: only what we rely on is checked, everything else passes. */
import { z } from 'zod'
import { clusterErrors } from '../errors.ts'
import type { KubernetesObject, WatchEvent } from './kubernetes-api.ts'
import { apiError } from './api-error.ts'

const metadataSchema = z.looseObject({
  name: z.string().default(''),
  namespace: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.number().optional(),
  creationTimestamp: z
    .string()
    .nullish()
    .transform((value) => value ?? undefined),
  deletionTimestamp: z.string().optional(),
  finalizers: z.array(z.string()).optional(),
  ownerReferences: z.array(z.looseObject({ kind: z.string(), name: z.string(), uid: z.string() })).optional(),
})
const objectSchema = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: metadataSchema })
const listSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string().default(''), continue: z.string().default('') }),
  items: z
    .array(z.looseObject({ metadata: metadataSchema }))
    .nullish()
    .transform((items) => items ?? []),
})
const versionSchema = z.looseObject({ gitVersion: z.string() })
const kindListSchema = z.looseObject({
  resources: z.array(z.looseObject({ kind: z.string(), name: z.string().default(''), namespaced: z.boolean().default(true) })),
})
const watchSchema = z.looseObject({ type: z.string(), object: z.looseObject({}) })

function parse<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw clusterErrors.KUBERNETES_FAILED({ what, problem: `the answer has no valid '${issue?.path.join('.') ?? ''}'` })
}

export const parseObject = (value: unknown, what: string): KubernetesObject => parse(objectSchema, value, what)
export const parseVersion = (value: unknown): string => parse(versionSchema, value, 'asking for the version').gitVersion
/** Without what hangs below another kind, such as `pods/log`. */
export const parseKindList = (value: unknown): readonly { readonly kind: string; readonly name: string; readonly namespaced: boolean }[] =>
  parse(kindListSchema, value, 'listing kinds').resources.filter(({ name }) => !name.includes('/'))

/** Items of a list do not repeat what they are. */
export function parseObjectList(value: unknown, { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }) {
  const { items, metadata } = parse(listSchema, value, `listing ${kind}`)
  const objects: KubernetesObject[] = items.map((item) => ({ ...item, apiVersion, kind }))
  return { items: objects, resourceVersion: metadata.resourceVersion, continuation: metadata.continue }
}

const eventTypes: Readonly<Record<string, WatchEvent['type']>> = {
  ADDED: 'added',
  MODIFIED: 'modified',
  DELETED: 'deleted',
  BOOKMARK: 'bookmark',
}

/** @throws what the server says in an ERROR event; CLUSTER_KUBERNETES_EXPIRED for the code 410. */
export function parseWatchLine(line: string, what: string): WatchEvent {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw clusterErrors.KUBERNETES_FAILED({ what, problem: 'an event is not JSON' }, { cause })
  }
  const { type, object } = parse(watchSchema, value, what)
  const known = eventTypes[type]
  if (known !== undefined) return { type: known, object: parseObject(object, what) }
  throw apiError(typeof object['code'] === 'number' ? object['code'] : 500, JSON.stringify(object), what)
}
