/** Tells whether a delivery that a failure cut off left rollups that count something else than what they are made from. */
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { feedOf, type RollupFamily, type RollupLevel } from '../migrate/0003-rollups.ts'
import { rollupFamilies } from './families.ts'
import { repairRollups } from './rebuild.ts'

/*
 * A cut tears whole blocks of rows: either side has them, or has not. So it is enough to compare how many requests there are in each touched
 * hour and how large they were, which takes a hundredth of the time of making the hours anew.
 */
const sizes = ['input_tokens', 'output_tokens', 'request_bytes', 'response_bytes']

/** Count and sizes per touched bucket, of raw rows or of a rollup. */
function countSql(table: string, { dimensions }: RollupFamily, { repairUnit, daysMax }: RollupLevel): string {
  const time = table === 'requests' ? 'time' : 'bucket'
  const project = dimensions.includes('project_id') ? 'project_id, ' : ''
  const startOf = (expression: string) => `toDateTime(${repairUnit}(${expression}, 'UTC'), 'UTC')`
  const counts = table === 'requests' ? 'count()' : 'sum(source.requests)'
  const sums = sizes.map((name, index) => `sum(source.${name}) AS size_${String(index)}`).join(', ')
  return `SELECT ${project}${startOf(`source.${time}`)} AS unit_start, ${counts} AS request_count, ${sums}
FROM ${table} AS source
WHERE source.${time} >= (SELECT ${startOf('min(hour)')} FROM rollup_repairs)
  AND source.${time} < (SELECT ${startOf('max(hour)')} + toIntervalDay(${String(daysMax)}) FROM rollup_repairs)
  AND (${project}${startOf(`source.${time}`)}) IN (SELECT DISTINCT ${project}${startOf('hour')} FROM rollup_repairs)
GROUP BY ${project}unit_start`
}

const foundRows = z.array(z.object({ found: z.number() }))

async function isTorn(client: AnalyticsClient, family: RollupFamily, level: RollupLevel): Promise<boolean> {
  const table = `${family.name}_${level.name}`
  const project = family.dimensions.includes('project_id') ? 'project_id, ' : ''
  const both = [table, feedOf(family, level)].map((name) => countSql(name, family, level)).join('\nUNION ALL\n')
  const sums = sizes.map((_, index) => `size_${String(index)}`).join(', ')
  const rows = await client.query({
    what: `looking for hours that ${table} counts otherwise`,
    sql: `SELECT 1 AS found FROM (\n${both}\n)\nGROUP BY ${project}unit_start, request_count, ${sums} HAVING count() != 2 LIMIT 1`,
    lane: 'ingest',
  })
  return foundRows.parse(rows).length > 0
}

/** What was being removed when a process died is removed first: the engine goes on with it by itself, and the repair counts what is left. */
async function awaitRemovals(client: AnalyticsClient): Promise<void> {
  const what = 'waiting for rows to be removed'
  const rows = await client.query({
    what,
    sql: "SELECT 1 AS found FROM system.mutations WHERE database = currentDatabase() AND table = 'requests' AND NOT is_done LIMIT 1",
    lane: 'ingest',
  })
  // Removals end in the order in which they began: one of nothing waits for those before.
  if (rows.length > 0) await client.command({ what, sql: 'ALTER TABLE requests DELETE WHERE 0 SETTINGS mutations_sync = 2' })
}

/**
 * Ends a doubt: makes the hours that `rollup_repairs` names anew where a rollup differs, and only then. Resolves with whether that was so.
 * Like `repairRollups`, to which it leaves that, it may be interrupted anywhere and repeated, and nothing may write requests meanwhile.
 */
export async function repairTornRollups(client: AnalyticsClient): Promise<boolean> {
  await awaitRemovals(client)
  for (const family of rollupFamilies) {
    for (const level of family.levels) {
      if (!(await isTorn(client, family, level))) continue
      await repairRollups(client)
      return true
    }
  }
  await client.command({ what: 'ending a doubt about rollups', sql: 'TRUNCATE TABLE rollup_repairs' })
  return false
}
