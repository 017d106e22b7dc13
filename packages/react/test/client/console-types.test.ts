/** What the widgets take is what the server's document promises: the compiler compares the two. */
import { expect, expectTypeOf, test } from 'vitest'
import type {
  ClusterBenchmark,
  ClusterDeployment,
  ClusterInfo,
  ClusterOperation,
  LeftoverObject,
  LogLine,
  ScalePreview,
} from '../../src/client/cluster-client.ts'
import { consoleOperations, type ConsoleOperations } from '../../src/client/generated/console-operations.ts'
import type { GatewayRoute } from '../../src/hook/use-routes.ts'
import type { SimCatalogue } from '../../src/pick/catalogue.ts'

type Item<
  Name extends 'listClusters' | 'listDeployments' | 'listOperations' | 'listBenchmarks' | 'listLeftovers' | 'readLogs' | 'listRoutes',
> = ConsoleOperations[Name]['answer']['data'][number]

test('clusters, deployments, operations, benchmarks and routes have the types of the document', () => {
  expectTypeOf<Item<'listClusters'>>().toExtend<ClusterInfo>()
  expectTypeOf<Omit<Item<'listDeployments'>, 'plan'>>().toExtend<Omit<ClusterDeployment, 'plan'>>()
  expectTypeOf<Item<'listOperations'>>().toExtend<ClusterOperation>()
  expectTypeOf<Item<'listBenchmarks'>>().toExtend<ClusterBenchmark>()
  expectTypeOf<Item<'listLeftovers'>>().toExtend<LeftoverObject>()
  expectTypeOf<Item<'readLogs'>>().toExtend<LogLine>()
  expectTypeOf<Item<'listRoutes'>>().toExtend<GatewayRoute>()
  expectTypeOf<ConsoleOperations['previewScaling']['answer']>().toExtend<ScalePreview>()
  expectTypeOf<ConsoleOperations['simCatalogue']['answer']>().toExtend<SimCatalogue>()
  expect(consoleOperations.getOperation).toBe('GET /api/clusters/{id}/operations/{operation}')
})
