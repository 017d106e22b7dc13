/** The part of chdb that tests use; the package is optional, so the type check must not need it. */
declare module 'chdb/connection' {
  import type { Readable } from 'node:stream'

  export function createChdbConnection(options: { readonly path: string }): {
    query(params: {
      readonly query: string
      readonly query_params: Readonly<Record<string, string | readonly string[] | readonly number[]>>
      readonly clickhouse_settings: Readonly<Record<string, string>>
    }): Promise<{ readonly stream: Readable }>
    close(): Promise<void>
  }
}
