/** The OpenAPI document of the handler, made from the very schemas that judge requests. */
import { z } from 'zod'
import { routes, type Route } from './routes.ts'

const toSchema = (schema: z.ZodType): unknown => {
  const { $schema: _draft, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', target: 'draft-2020-12' })
  return rest
}

const toParameters = (shape: z.ZodObject): readonly unknown[] =>
  Object.entries(shape.shape).map(([name, field]) => ({
    name,
    in: 'query',
    required: false,
    // Safe: the shapes of this package are made of zod's schemas.
    schema: toSchema(field as z.ZodType),
  }))

function toOperation({ summary, query, body, path, produces = 'application/json' }: Route): unknown {
  const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  const error = {
    description: 'What was wrong, field by field',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  }
  return {
    summary,
    ...(query === undefined && inPath.length === 0 ? {} : { parameters: [...inPath, ...(query === undefined ? [] : toParameters(query))] }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: toSchema(body) } } } }),
    responses: {
      '200': { description: 'The answer', content: { [produces]: {} } },
      '400': error,
      '401': error,
      '403': error,
      ...(inPath.length === 0 ? {} : { '404': error }),
      '503': error,
    },
  }
}

/** @param basePath Where the handler is mounted. */
export function createOpenApi(basePath: string): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = `${basePath}${route.path}`
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Bud Foundry metrics',
      version: '1',
      description: 'Questions about requests, tokens, latency, cost and the machines behind them.',
    },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Error: {
          type: 'object',
          required: ['error'],
          properties: {
            error: {
              type: 'object',
              required: ['code', 'message'],
              properties: {
                code: { type: 'string' },
                message: { type: 'string' },
                issues: {
                  type: 'array',
                  items: { type: 'object', properties: { path: { type: 'string' }, message: { type: 'string' }, fix: { type: 'string' } } },
                },
              },
            },
          },
        },
      },
    },
  }
}
