/** The port to a ClickHouse engine, embedded or remote: the rest of the package knows nothing else of it. */

/** Values that a `{name:Type}` placeholder takes. */
export type QueryParam = string | number | boolean | readonly string[] | readonly number[]

/** SQL text and its values, kept apart until the engine binds them. */
export interface Statement {
  /** What is being done, in words, for error messages: `listing requests`. */
  readonly what: string
  readonly sql: string
  readonly params?: Readonly<Record<string, QueryParam>>
  /** `ingest`: in order with the inserts, and never behind a question. Default `reading`. */
  readonly lane?: 'ingest' | 'reading'
}

/** ClickHouse's names of the formats that files are written in. */
export type FileFormat = 'CSVWithNames' | 'JSONEachRow' | 'Parquet'

/** Rows of one table in ClickHouse's JSONCompactEachRow format. */
export interface TableInsert {
  readonly table: string
  readonly columns: readonly string[]
  /** One JSON array per row, in the order of `columns`. */
  readonly lines: readonly string[]
  /** A second insert with the same token is ignored by the engine. */
  readonly token: string
}

/** Rows of one table in ClickHouse's RowBinary format. */
export interface RowsInsert {
  readonly table: string
  /** In the order of the bytes, with the types in which they are sent. */
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Whole rows in each. */
  readonly payloads: readonly Uint8Array[]
  /** The engine takes so many rows at a time, and the views behind the table with it; default: all. A failure may leave some blocks behind. */
  readonly blockRows?: number
}

/** A connection to one database. Errors are METRICS_DATABASE_UNAVAILABLE (retry) or METRICS_DATABASE_REFUSED (do not). */
export interface AnalyticsClient extends AsyncDisposable {
  /** Rows as objects; 64-bit integers and decimals arrive as numbers. */
  query(statement: Statement, signal?: AbortSignal): Promise<readonly unknown[]>
  /** The rows as the engine writes them in the format. */
  file(statement: Statement, format: FileFormat, signal?: AbortSignal): Promise<Uint8Array>
  command(statement: Statement): Promise<void>
  /** Runs after the inserts before it; resolves when the rows are readable. */
  insert(insert: TableInsert): Promise<void>
  /** The same for rows that are encoded already: many at once, with the views behind the table. */
  insertRows(insert: RowsInsert): Promise<void>
}
