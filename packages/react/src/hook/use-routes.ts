'use client'
/** What the gateway routes where, and how its targets are. */
import { consoleOperations } from '../client/generated/console-operations.ts'
import { readFields, readList, readText } from '../client/read.ts'
import { useResource, type LoadedResource } from './use-resource.ts'

export interface RouteTarget {
  readonly id: string
  readonly provider: string
  readonly weight: number
  /** Absent until the first try. */
  readonly isHealthy?: boolean | undefined
  readonly inFlight?: number | undefined
}

export interface GatewayRoute {
  readonly model: string
  readonly policy: string
  readonly targets: readonly RouteTarget[]
}

export function useRoutes(): LoadedResource<readonly GatewayRoute[]> {
  return useResource({
    key: 'routes',
    refreshMs: 5_000,
    load: async (client, signal) =>
      readList(readFields(await client.call({ address: consoleOperations.listRoutes }, { signal }), 'routes')['data'], 'routes.data').map(
        (item, index) => {
          const where = `routes.data[${String(index)}]`
          const fields = readFields(item, where)
          readText(fields, 'model', where)
          readText(fields, 'policy', where)
          for (const target of readList(fields['targets'], `${where}.targets`)) readText(readFields(target, where), 'id', where)
          // Safe: checked above.
          return fields as unknown as GatewayRoute
        },
      ),
  })
}
