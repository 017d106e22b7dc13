/** The same migrations for a cluster: replicated engines and ON CLUSTER, made from the plain text, whose checksum stays what it is. */
import { metricsErrors } from '../errors.ts'

export interface Topology {
  /** Name in the server's `remote_servers`. Absent: one server. */
  readonly cluster?: string
  /** Tables are Replicated*; default true with a cluster. Each shard holds tables of its own, and macros `shard` and `replica` name them. */
  readonly replicated?: boolean
}

const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/

/** One statement of a migration for the topology. @throws METRICS_CLUSTER_INVALID */
export function renderStatement(sql: string, { cluster, replicated = cluster !== undefined }: Topology): string {
  if (cluster !== undefined && !namePattern.test(cluster)) throw metricsErrors.CLUSTER_INVALID({ cluster })
  const engine = replicated
    ? sql.replace(/ENGINE = ((?:Replacing|Aggregating)?MergeTree)(?:\(([^)]*)\))?/, (_, name: string, column: string | undefined) => {
        const path = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
        return `ENGINE = Replicated${name}(${path}${column === undefined ? '' : `, ${column}`})`
      })
    : sql
  // A migration that is repeated inserts the same rows again, into a table that may have been emptied: they must not pass for known.
  if (replicated && /^\s*INSERT /.test(sql) && !sql.includes('insert_deduplicate')) return `${sql}\nSETTINGS insert_deduplicate = 0`
  if (cluster === undefined) return engine
  return engine.replace(
    /^(\s*)((?:CREATE (?:TABLE|VIEW|MATERIALIZED VIEW) IF NOT EXISTS|ALTER TABLE|TRUNCATE TABLE) [A-Za-z0-9_]+)/,
    `$1$2 ON CLUSTER ${cluster}`,
  )
}
