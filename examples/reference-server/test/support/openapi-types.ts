/** Writes TypeScript for the operations of an OpenAPI 3.1 document: what each takes and answers, and a table of their addresses. */

type Json = Readonly<Record<string, unknown>>

export interface OpenApiDocument {
  readonly servers?: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>
}

export interface TypesOptions {
  /** Starts the names of what is exported, e.g. `Admin`. */
  readonly prefix: string
  /** Not a part of the names of operations without an id. */
  readonly basePath: string
}

// Safe: only ever asked of parsed JSON, whose objects have string keys.
const asJson = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const pascal = (words: string) =>
  words
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.replace(/^./, (letter) => letter.toUpperCase()))
    .join('')
const camel = (words: string) => pascal(words).replace(/^./, (letter) => letter.toLowerCase())
const isIdentifier = (name: string) => /^[A-Za-z_$][\w$]*$/.test(name)
const property = (name: string) => (isIdentifier(name) ? name : JSON.stringify(name))
const alternativesOf = (schema: Json) => [...asList(schema['anyOf']), ...asList(schema['oneOf'])]
const isLong = (schema: Json) =>
  asList(schema['enum']).length > 8 || Object.keys(asJson(schema['properties'])).length > 10 || alternativesOf(schema).length > 2

/** An object that may have no field at all. */
const isNothing = (schema: Json) =>
  schema['type'] === 'object' && schema['additionalProperties'] === false && Object.keys(asJson(schema['properties'])).length === 0

/** Lists and objects of some length get a name of their own, once. */
class Types {
  readonly #names = new Map<string, string>()
  readonly #texts = new Map<string, string>()
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  declarations(): string {
    return [...this.#texts].map(([name, text]) => `export type ${name} = ${text}\n`).join('\n')
  }

  of(schema: Json, hint: string): string {
    if (!isLong(schema)) return this.#inline(schema, hint)
    const text = this.#inline(schema, hint)
    const known = this.#names.get(text)
    if (known !== undefined) return known
    let name = `${this.#prefix}${pascal(hint)}`
    for (let copy = 2; this.#texts.has(name); copy += 1) name = `${this.#prefix}${pascal(hint)}${String(copy)}`
    this.#names.set(text, name)
    this.#texts.set(name, text)
    return name
  }

  #inline(schema: Json, hint: string): string {
    if ('const' in schema) return JSON.stringify(schema['const'])
    const choices = asList(schema['enum'])
    if (choices.length > 0) return choices.map((choice) => JSON.stringify(choice)).join(' | ')
    const alternatives = alternativesOf(schema)
    if (alternatives.length > 0) {
      const types = [...new Set(alternatives.map((each) => this.of(asJson(each), hint)))]
      return types.includes('unknown') ? 'unknown' : types.join(' | ')
    }
    switch (schema['type']) {
      case 'string':
      case 'boolean':
      case 'null':
        return schema['type']
      case 'number':
      case 'integer':
        return 'number'
      case 'array':
        return `readonly (${this.of(asJson(schema['items']), hint)})[]`
      case 'object':
        return this.#object(schema, hint)
      default:
        return 'unknown'
    }
  }

  #object(schema: Json, hint: string): string {
    const required = asList(schema['required'])
    const entries = Object.entries(asJson(schema['properties']))
    if (entries.length > 0) {
      const fields = entries.map(([name, value]) => {
        // The items of a list are named by what was asked for.
        const type = this.of(asJson(value), name === 'data' ? `${hint} item` : name)
        return required.includes(name) ? `readonly ${property(name)}: ${type}` : `readonly ${property(name)}?: ${type} | undefined`
      })
      return `{ ${fields.join('; ')} }`
    }
    const values = schema['additionalProperties']
    if (typeof values !== 'object' || values === null)
      return values === false ? 'Readonly<Record<string, never>>' : 'Readonly<Record<string, unknown>>'
    const value = this.of(asJson(values), 'value')
    return `Readonly<Record<string, ${value === 'unknown' ? value : `${value} | undefined`}>>`
  }
}

const jsonOf = (value: unknown): Json => asJson(asJson(asJson(asJson(value)['content'])['application/json'])['schema'])

function parametersOf(operation: Json, place: 'path' | 'query', types: Types): string {
  const fields = asList(operation['parameters'])
    .map(asJson)
    .filter((parameter) => parameter['in'] === place)
    .map((parameter) => {
      const name = String(parameter['name'])
      const type = types.of(asJson(parameter['schema']), name)
      return parameter['required'] === true ? `readonly ${property(name)}: ${type}` : `readonly ${property(name)}?: ${type} | undefined`
    })
  return fields.length === 0 ? 'undefined' : `{ ${fields.join('; ')} }`
}

/** The declarations, unformatted. */
export function toTypes(document: OpenApiDocument, { prefix, basePath }: TypesOptions): string {
  const types = new Types(prefix)
  const mounted = document.servers?.[0]?.url ?? ''
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const address = `${method.toUpperCase()} ${mounted}${path}`
      const name = typeof operation['operationId'] === 'string' ? operation['operationId'] : camel(path.replace(basePath, ''))
      const taken = jsonOf(operation['requestBody'])
      const body = operation['requestBody'] === undefined || isNothing(taken) ? 'undefined' : types.of(taken, `${name} body`)
      const [, success] = Object.entries(asJson(operation['responses'])).find(([status]) => status.startsWith('2')) ?? []
      const answer = types.of(jsonOf(success), `${name} answer`)
      const summary = typeof operation['summary'] === 'string' ? `/** ${operation['summary']} */\n` : ''
      const type = `${summary}readonly ${name}: { readonly params: ${parametersOf(operation, 'path', types)}; readonly query: ${parametersOf(operation, 'query', types)}; readonly body: ${body}; readonly answer: ${answer} }`
      return { type, entry: `${name}: '${address}'` }
    }),
  )
  return [
    `/** Made from the server's OpenAPI document by the tests of the reference server (client-types.test.ts); not edited by hand. */`,
    types.declarations(),
    `export interface ${prefix}Operations { ${operations.map(({ type }) => type).join('\n')} }`,
    `/** Method and path of each operation. */`,
    `export const ${camel(prefix)}Operations = { ${operations.map(({ entry }) => entry).join(', ')} } as const`,
  ].join('\n\n')
}
