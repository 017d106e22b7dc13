/** docs/config.md from the configuration schemas: every export named `…ConfigSchema` or `environmentSchema`. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { listFiles, root } from '../check/repository.ts'
import { readFieldComments } from './comments.ts'
import { generatedFrom, toCell, toTable, type Page } from './page.ts'

/** The part of JSON Schema that the page reads. */
interface Shape {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly anyOf?: readonly Shape[]
  readonly items?: Shape
  readonly properties?: Readonly<Record<string, Shape>>
  readonly additionalProperties?: Shape | boolean
  readonly required?: readonly string[]
}

const rangeOf = ({ minimum, maximum }: Shape): string => {
  const low = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum
  const high = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum
  if (low !== undefined && high !== undefined) return ` ${low} to ${high}`
  if (low !== undefined) return ` from ${low}`
  return high === undefined ? '' : ` to ${high}`
}

const typeOf = (shape: Shape): string => {
  if (shape.enum !== undefined) return shape.enum.map((value) => JSON.stringify(value)).join(' or ')
  if (shape.const !== undefined) return JSON.stringify(shape.const)
  if (shape.anyOf !== undefined) return [...new Set(shape.anyOf.map(typeOf))].join(' or ')
  if (shape.type === 'array') return `list of ${shape.items === undefined ? 'anything' : typeOf(shape.items)}`
  return `${shape.type ?? 'value'}${rangeOf(shape)}`
}

interface Field {
  readonly path: string
  /** The path without list and record marks, as comments know it. */
  readonly plainPath: string
  readonly shape: Shape
  readonly required: boolean
}

/** Every field with its dotted path; `[]` marks the entries of a list, `<name>` those of a record. */
const fieldsOf = (shape: Shape, prefix: string, plainPrefix: string): Field[] => {
  const own = Object.entries(shape.properties ?? {}).flatMap(([name, inner]) => {
    const field = {
      path: `${prefix}${name}`,
      plainPath: `${plainPrefix}${name}`,
      shape: inner,
      required: shape.required?.includes(name) === true,
    }
    return [field, ...fieldsOf(inner, `${field.path}.`, `${field.plainPath}.`)]
  })
  const entries = shape.items === undefined ? [] : fieldsOf(shape.items, `${prefix.slice(0, -1)}[].`, plainPrefix)
  const { additionalProperties: rest } = shape
  const named = typeof rest === 'object' ? fieldsOf(rest, `${prefix}<name>.`, plainPrefix) : []
  return [...own, ...entries, ...named]
}

const describe = (name: string, schema: z.ZodType, comments: ReadonlyMap<string, string>): { text: string; entries: number } => {
  // Safe: zod promises JSON Schema, of which Shape names the optional members that are read.
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline', cycles: 'ref' }) as Shape
  const fields = fieldsOf(shape, '', '')
  const rows = fields.map((field) => [
    `\`${field.path}\``,
    toCell(typeOf(field.shape)),
    field.shape.default === undefined ? (field.required ? 'required' : '') : `\`${toCell(JSON.stringify(field.shape.default))}\``,
    toCell(comments.get(field.plainPath) ?? ''),
  ])
  return { text: `## ${name}\n\n${toTable(['field', 'value', 'default', 'meaning'], rows)}`, entries: fields.length }
}

const isSchemaName = (name: string): boolean => name.endsWith('ConfigSchema') || name === 'environmentSchema'

/** Builds the page from every `config.ts` of a package and every `env.ts` of an example. */
export const configPage = async (): Promise<Page> => {
  const files = await listFiles('packages/*/src/config.ts', 'examples/*/src/env.ts')
  const sections: { text: string; entries: number }[] = []
  for (const file of files.map((name) => path.join(root, name)).filter((name) => existsSync(name))) {
    // Safe: a module's namespace is a record of its exports.
    const exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>
    for (const [name, schema] of Object.entries(exported)) {
      if (!isSchemaName(name) || !(schema instanceof z.ZodType)) continue
      const workspace = path.relative(root, file).split(path.sep)[1] ?? ''
      const title = name === 'environmentSchema' ? `${workspace}: environment variables` : workspace
      sections.push(describe(title, schema, await readFieldComments(file, name)))
    }
  }
  const head = '# Configuration\n\nEvery field of every configuration. `[]` marks the entries of a list, `<name>` those of a record.\n\n'
  const text = generatedFrom('the configuration schemas') + head + sections.map((each) => each.text).join('\n')
  return { file: 'docs/config.md', text, entries: sections.reduce((sum, each) => sum + each.entries, 0) }
}
