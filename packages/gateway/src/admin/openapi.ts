/** The OpenAPI document of the administrative routes, made from the schemas that check them. */
import { z } from 'zod'
import type { AnyOperation } from './operation.ts'

type Json = Readonly<Record<string, unknown>>

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  // The keyword for the schema's dialect has no place inside an OpenAPI document.
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' })
  return json
}

const propertiesOf = (schema: z.ZodType): readonly (readonly [name: string, schema: Json, isRequired: boolean])[] => {
  const json = schemaOf(schema, 'input')
  const required = Array.isArray(json['required']) ? json['required'] : []
  const properties = typeof json['properties'] === 'object' && json['properties'] !== null ? Object.entries(json['properties']) : []
  return properties.map(([name, value]) => [name, value as Json, required.includes(name)] as const)
}

const errorSchema: Json = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: { code: { type: 'string' }, message: { type: 'string' }, details: { type: 'array', items: { type: 'object' } } },
    },
  },
}

const errorAnswer = (description: string): Json => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
})

function describe(name: string, operation: AnyOperation): Json {
  const parameters = [
    ...propertiesOf(operation.params).map(([id, schema]) => ({ name: id, in: 'path', required: true, schema })),
    ...propertiesOf(operation.query).map(([id, schema, required]) => ({ name: id, in: 'query', required, schema })),
  ]
  const takesBody = operation.method !== 'GET' && operation.method !== 'DELETE'
  return {
    operationId: name,
    summary: operation.summary,
    tags: [operation.path.split('/')[1]],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(takesBody ? { requestBody: { content: { 'application/json': { schema: schemaOf(operation.body, 'input') } } } } : {}),
    responses: {
      [String(operation.status ?? 200)]: {
        description: operation.showsSecret === true ? 'Done. The secret in it is shown once.' : 'Done.',
        content: { 'application/json': { schema: schemaOf(operation.result, 'output') } },
      },
      '400': errorAnswer('A field is wrong; details name each.'),
      '401': errorAnswer('Nobody is known by these credentials.'),
      '403': errorAnswer('They may not do this.'),
      '404': errorAnswer('There is no such thing.'),
      '405': errorAnswer('The path does not take this method; Allow names those that it does.'),
    },
  }
}

/** OpenAPI 3.1. */
export function describeOperations(operations: ReadonlyMap<string, AnyOperation>, basePath: string): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const [name, operation] of operations) (paths[operation.path] ??= {})[operation.method.toLowerCase()] = describe(name, operation)
  return {
    openapi: '3.1.0',
    info: { title: 'Administration of the gateway', version: '1' },
    servers: [{ url: basePath === '' ? '/' : basePath }],
    security: [{ key: [] }],
    paths,
    components: { schemas: { Error: errorSchema }, securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
  }
}
