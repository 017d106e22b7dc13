/** References to secrets in a configuration file: `env:NAME` and `file:/path`. */
import { isAbsolute, resolve } from 'node:path'

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

export const isReference = (text: string): boolean => text.startsWith('env:') || text.startsWith('file:')

/** A relative path counts from the directory of the configuration file, wherever the process was started. */
export function absoluteReference(reference: string, directory: string): string {
  if (!reference.startsWith('file:')) return reference
  const path = reference.slice('file:'.length)
  return isAbsolute(path) ? reference : `file:${resolve(directory, path)}`
}

function credential(value: unknown, directory: string): unknown {
  if (Array.isArray(value)) return value.map((item) => credential(item, directory))
  if (typeof value === 'string') return isReference(value) ? { reference: absoluteReference(value, directory) } : value
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

/** The same data with every target's credential that is written as a reference made one. What has another shape is left to the schema. */
export function markReferences(data: unknown, directory: string): unknown {
  if (!isObject(data) || !isObject(data['models'])) return data
  const models = Object.entries(data['models']).map(([name, value]) => [name, model(value, directory)] as const)
  return { ...data, models: Object.fromEntries(models) }
}
