/** The OpenAPI document of the routes that only this server has: what the gateway routes, simulation, clusters. Made of the schemas that judge requests. */
import { z } from 'zod'
import { benchmarkViewSchema } from './clusters/benchmark-view.ts'
import {
  clusterChangesSchema,
  clusterDeploymentSchema,
  clusterOperationSchema,
  clusterSchema,
  leftoverSchema,
  logLineSchema,
  operationRequestSchema,
  planRequestSchema,
  predictionSchema,
  scalePreviewAnswerSchema,
} from './clusters/cluster-schemas.ts'
import { scalePreviewSchema } from './clusters/scale-preview.ts'
import { predictSchema } from './predict.ts'
import { routeViewSchema } from './routes-view.ts'
import { catalogueSchema } from './sim-catalogue.ts'

interface ConsoleRoute {
  readonly address: `${'GET' | 'POST'} /api/${string}`
  readonly id: string
  readonly summary: string
  readonly body?: z.ZodType
  readonly answer: z.ZodType
}

const listOf = (schema: z.ZodType) => z.object({ data: z.array(schema) })
const cluster = '/api/clusters/{id}' as const

export const consoleRoutes: readonly ConsoleRoute[] = [
  {
    address: 'GET /api/routes',
    id: 'listRoutes',
    summary: 'What the gateway routes where, and how its targets are',
    answer: listOf(routeViewSchema),
  },
  { address: 'GET /api/sim/catalogue', id: 'simCatalogue', summary: 'Models and hardware that are known', answer: catalogueSchema },
  {
    address: 'POST /api/sim/predict',
    id: 'predict',
    summary: 'What one plan would do under other loads; null where it cannot take them',
    body: predictSchema,
    answer: listOf(predictionSchema.nullable()),
  },
  { address: 'GET /api/clusters', id: 'listClusters', summary: 'Clusters with their machines', answer: listOf(clusterSchema) },
  {
    address: 'POST /api/clusters/scale-preview',
    id: 'previewScaling',
    summary: 'What the scaler would do under a load',
    body: scalePreviewSchema,
    answer: scalePreviewAnswerSchema,
  },
  { address: `GET ${cluster}`, id: 'getCluster', summary: 'One cluster', answer: clusterSchema },
  {
    address: `POST ${cluster}/changes`,
    id: 'planChanges',
    summary: 'What applying a plan would change; changes nothing',
    body: planRequestSchema,
    answer: clusterChangesSchema,
  },
  { address: `GET ${cluster}/deployments`, id: 'listDeployments', summary: 'What is deployed', answer: listOf(clusterDeploymentSchema) },
  {
    address: `GET ${cluster}/deployments/{namespace}/{name}/logs`,
    id: 'readLogs',
    summary: 'What the workers of a deployment wrote',
    answer: listOf(logLineSchema),
  },
  { address: `GET ${cluster}/leftovers`, id: 'listLeftovers', summary: 'What a removal could not delete', answer: listOf(leftoverSchema) },
  {
    address: `GET ${cluster}/benchmarks`,
    id: 'listBenchmarks',
    summary: 'What benchmarks measured, newest first',
    answer: listOf(benchmarkViewSchema),
  },
  {
    address: `GET ${cluster}/operations`,
    id: 'listOperations',
    summary: 'Work on the cluster, newest first',
    answer: listOf(clusterOperationSchema),
  },
  {
    address: `POST ${cluster}/operations`,
    id: 'startOperation',
    summary: 'Applies changes that were shown, removes a deployment, or measures one',
    body: operationRequestSchema,
    answer: clusterOperationSchema,
  },
  { address: `GET ${cluster}/operations/{operation}`, id: 'getOperation', summary: 'One operation', answer: clusterOperationSchema },
  {
    address: `POST ${cluster}/operations/{operation}/cancel`,
    id: 'cancelOperation',
    summary: 'Stops an operation',
    answer: clusterOperationSchema,
  },
  {
    address: `POST ${cluster}/operations/{operation}/resume`,
    id: 'resumeOperation',
    summary: 'Takes an operation up again',
    answer: clusterOperationSchema,
  },
]

function toSchema(schema: z.ZodType, io: 'input' | 'output'): unknown {
  const { $schema: _draft, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' })
  return rest
}

export function createConsoleDocument(): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const { address, id, summary, body, answer } of consoleRoutes) {
    const [method = '', path = ''] = address.split(' ')
    const parameters = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }))
    const operation = {
      operationId: id,
      summary,
      ...(parameters.length === 0 ? {} : { parameters }),
      ...(body === undefined
        ? {}
        : { requestBody: { required: true, content: { 'application/json': { schema: toSchema(body, 'input') } } } }),
      responses: { '200': { description: 'The answer', content: { 'application/json': { schema: toSchema(answer, 'output') } } } },
    }
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Bud Foundry console',
      version: '1',
      description: 'What the console asks beside the gateway, its administration and its metrics.',
    },
    security: [{ bearer: [] }],
    paths,
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  }
}
