/** References to secrets in a configuration file: `env:NAME` and `file:/path`. */
import { isAbsolute, resolve } from 'node:path'

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

export const isReference = (text: string): boolean => text.startsWith('env:') || text.startsWith('file:')

/** Whether it names a credential of the gateway's own vault. */
export const isStored = (text: string): boolean => text.startsWith('credential:')

/** A relative path counts from the directory of the configuration file, wherever the process was started. */
export function absoluteReference(reference: string, directory: string): string {
  if (!reference.startsWith('file:')) return reference
  const path = reference.slice('file:'.length)
  return isAbsolute(path) ? reference : `file:${resolve(directory, path)}`
}

function credential(value: unknown, directory: string): unknown {
  if (Array.isArray(value)) return value.map((item) => credential(item, directory))
  if (typeof value === 'string') return isReference(value) || isStored(value) ? { reference: absoluteReference(value, directory) } : value
  if (isObject(value) && typeof value['reference'] === 'string') {
    return { ...value, reference: absoluteReference(value['reference'], directory) }
  }
  return value
}

function target(value: unknown, directory: string): unknown {
  return isObject(value) && 'credential' in value ? { ...value, credential: credential(value['credential'], directory) } : value
}

function model(value: unknown, directory: string): unknown {
  if (!isObject(value) || !Array.isArray(value['targets'])) return value
  return { ...value, targets: value['targets'].map((item) => target(item, directory)) }
}

/** The values of an object, each through `change`. What has another shape is left to the schema. */
function mapValues(value: unknown, change: (item: unknown) => unknown): unknown {
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, change(item)] as const))
}

/** The same data with every credential of a target or a guardrail that is written as a reference made one. */
export function markReferences(data: unknown, directory: string): unknown {
  if (!isObject(data)) return data
  const { models, guardrails } = data
  const rails = isObject(guardrails) ? mapValues(guardrails['rails'], (rail) => target(rail, directory)) : undefined
  return {
    ...data,
    ...(isObject(models) ? { models: mapValues(models, (value) => model(value, directory)) } : {}),
    ...(isObject(guardrails) && rails !== undefined ? { guardrails: { ...guardrails, rails } } : {}),
  }
}
