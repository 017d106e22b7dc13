/** ClickHouse's official client, loaded with the first connection and not with the package: not every program makes one. */
import { createRequire } from 'node:module'
import type * as Official from '@clickhouse/client'

let loaded: typeof Official | undefined

/** Loads it once; later calls cost nothing. */
export function officialClient(): typeof Official {
  // Safe: the module that its own declarations describe.
  loaded ??= createRequire(import.meta.url)('@clickhouse/client') as typeof Official
  return loaded
}
