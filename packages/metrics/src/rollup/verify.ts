/** Compares rollups with the raw rows, so that equality is something that can be asked for and not only promised. */
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { rollupSelect, type RollupFamily, type RollupLevel } from '../migrate/0003-rollups.ts'
import { rollupFamilies } from './families.ts'

/** What was found in one rollup. */
export interface RollupCheck {
  readonly table: string
  /** Groups in which the rollup and the raw rows differ; 0 when all is well. */
  readonly differing: number
}

const countRows = z.tuple([z.object({ differing: z.number() })])

function compareSql(family: RollupFamily, level: RollupLevel): string {
  const keys = [...family.dimensions, 'bucket'].join(', ')
  const states = family.columns.filter(({ type }) => type.startsWith('AggregateFunction'))
  const plain = family.columns.filter(({ type }) => !type.startsWith('AggregateFunction')).map(({ name }) => name)
  const values = [...plain, ...states.map(({ name }) => `finalizeAggregation(${name}) AS ${name}_value`)].join(', ')
  const stored = `SELECT ${keys}, ${family.columns.map(({ name, merge }) => `${merge} AS ${name}`).join(', ')}
FROM ${family.name}_${level.name} AS finer GROUP BY ${keys}`
  const raw = rollupSelect(family, level, {
    source: 'requests',
    of: 'raw',
    where: "\nWHERE requests.time >= toDateTime64({from:UInt32}, 6, 'UTC')",
  })
  const all = [keys, ...plain, ...states.map(({ name }) => `${name}_value`)].join(', ')
  return `SELECT count() AS differing FROM (
SELECT ${all} FROM (
SELECT ${keys}, ${values} FROM (${stored}) WHERE bucket >= toDateTime({from:UInt32}, 'UTC')
UNION ALL
SELECT ${keys}, ${values} FROM (${raw}) WHERE bucket >= toDateTime({from:UInt32}, 'UTC')
) GROUP BY ${all} HAVING count() != 2)`
}

/**
 * Reads all raw rows from an instant on, once per rollup. Nothing may be written meanwhile.
 * @param from Unix seconds, the start of a day in UTC; earlier raw rows may have expired
 */
export async function verifyRollups(client: AnalyticsClient, from = 0): Promise<readonly RollupCheck[]> {
  const checks: RollupCheck[] = []
  for (const family of rollupFamilies) {
    for (const level of family.levels) {
      const table = `${family.name}_${level.name}`
      const rows = await client.query({ what: `comparing ${table} with the raw rows`, sql: compareSql(family, level), params: { from } })
      checks.push({ table, differing: countRows.parse(rows)[0].differing })
    }
  }
  return checks
}
