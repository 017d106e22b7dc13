/** Makes the rollups of touched buckets anew from the raw rows, and exchanges whole partitions, so that no question sees half of it. */
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { rebuildSettings } from '../client/format-settings.ts'
import { feedOf, rollupSelect, type RollupFamily, type RollupLevel, type RollupSource } from '../migrate/0003-rollups.ts'
import { rollupFamilies } from './families.ts'

const partitionRows = z.array(z.object({ partition: z.string(), from: z.string(), to: z.string() }))

/** Of the touched hours, per partition of one level: its id and the raw rows' stretch that the touched buckets cover. */
async function listPartitions(client: AnalyticsClient, { startOf, partitionId, daysMax }: RollupLevel) {
  const rows = await client.query({
    what: 'listing the partitions of touched rollups',
    sql: `SELECT ${partitionId('bucket')} AS partition, toString(toUnixTimestamp(min(bucket))) AS from,
  toString(toUnixTimestamp(max(bucket)) + ${String(daysMax * 86_400)}) AS to
FROM (SELECT DISTINCT toDateTime(${startOf}(hour, 'UTC'), 'UTC') AS bucket FROM rollup_repairs) GROUP BY partition ORDER BY partition`,
    lane: 'ingest',
  })
  return partitionRows.parse(rows)
}

interface Touched {
  /** A query for the keys of the touched buckets. */
  readonly touched: string
  /** Such a key, from expressions for its project and time. */
  readonly keyOf: (project: string, time: string) => string
}

/** The rollup that the touched buckets are made from, already repaired: the same level of the feed where it has that, else the one below. */
function finerSource(family: RollupFamily, level: RollupLevel): string | undefined {
  const { feed } = family
  if (feed === undefined) return undefined
  return feed.levels.some(({ name }) => name === level.name) ? `${feed.name}_${level.name}` : feedOf(family, level)
}

/** The rows that the touched buckets of one partition are made from: those of a rollup, or raw ones. */
function sourceOf(family: RollupFamily, level: RollupLevel, { touched, keyOf }: Touched): RollupSource {
  const { startOf, partitionId } = level
  const source = finerSource(family, level)
  if (source !== undefined) {
    return {
      source,
      of: 'finer',
      where: `
WHERE finer.bucket >= toDateTime({from:UInt32}, 'UTC') AND finer.bucket < toDateTime({to:UInt32}, 'UTC')
  AND ${partitionId('finer.bucket')} = {partition:String} AND ${keyOf('finer.project_id', 'finer.bucket')} IN ${touched}`,
    }
  }
  return {
    source: 'requests',
    of: 'raw',
    where: `
WHERE requests.project_id IN (SELECT project_id FROM rollup_repairs)
  AND requests.time >= toDateTime64({from:UInt32}, 6, 'UTC') AND requests.time < toDateTime64({to:UInt32}, 6, 'UTC')
  AND ${partitionId(`toDateTime(${startOf}(requests.time, 'UTC'), 'UTC')`)} = {partition:String}
  AND ${keyOf('requests.project_id', 'requests.time')} IN ${touched}`,
  }
}

/** Servers since 25.9 refuse to replace a partition by nothing, which is what is left of one whose only user was erased. */
async function isEmpty(client: AnalyticsClient, table: string): Promise<boolean> {
  const rows = await client.query({ what: `looking into ${table}`, sql: `SELECT 1 AS found FROM ${table} LIMIT 1`, lane: 'ingest' })
  return rows.length === 0
}

async function rebuildLevel(client: AnalyticsClient, family: RollupFamily, level: RollupLevel): Promise<void> {
  const table = `${family.name}_${level.name}`
  const rebuilt = `${table}_rebuilt`
  const unit = level.repairUnit
  const what = `rebuilding ${table}`
  const byProject = family.dimensions.includes('project_id')
  const touched = `(SELECT DISTINCT ${byProject ? 'project_id, ' : ''}toDateTime(${unit}(hour, 'UTC'), 'UTC') FROM rollup_repairs)`
  const keyOf = (project: string, time: string) => `(${byProject ? `${project}, ` : ''}toDateTime(${unit}(${time}, 'UTC'), 'UTC'))`
  const columns = ['bucket', ...family.dimensions, ...family.columns.map(({ name }) => name)].join(', ')
  for (const { partition, from, to } of await listPartitions(client, level)) {
    await client.command({ what, sql: `TRUNCATE TABLE ${rebuilt}` })
    await client.command({
      what,
      sql: `INSERT INTO ${rebuilt} (${columns}) SELECT ${columns} FROM ${table}
WHERE ${level.partitionId('bucket')} = {partition:String} AND ${keyOf('project_id', 'bucket')} NOT IN ${touched} ${rebuildSettings}`,
      params: { partition },
    })
    await client.command({
      what,
      sql: `INSERT INTO ${rebuilt} (${columns}) SELECT ${columns} FROM (${rollupSelect(family, level, sourceOf(family, level, { touched, keyOf }))})
${rebuildSettings}`,
      params: { partition, from, to },
    })
    // The id is digits that the engine made from a date: it cannot be bound here.
    const change = (await isEmpty(client, rebuilt)) ? 'DROP PARTITION ID' : 'REPLACE PARTITION ID'
    const source = change === 'DROP PARTITION ID' ? '' : ` FROM ${rebuilt}`
    await client.command({ what, sql: `ALTER TABLE ${table} ${change} '${partition}'${source}` })
  }
  await client.command({ what, sql: `TRUNCATE TABLE ${rebuilt}` })
}

/**
 * Repairs the hours that `rollup_repairs` names and empties it. May be interrupted anywhere and repeated. Nothing else may write requests
 * meanwhile. Hours whose raw rows have expired must not be named: their rollups would vanish with them.
 */
export async function repairRollups(client: AnalyticsClient): Promise<void> {
  for (const family of rollupFamilies) {
    for (const level of family.levels) await rebuildLevel(client, family, level)
  }
  await client.command({ what: 'ending a repair of rollups', sql: 'TRUNCATE TABLE rollup_repairs' })
}

/** True when a crash left hours that are not certain. */
export async function needsRepair(client: AnalyticsClient): Promise<boolean> {
  const rows = await client.query({
    what: 'looking for unfinished repairs',
    sql: 'SELECT 1 AS found FROM rollup_repairs LIMIT 1',
    lane: 'ingest',
  })
  return rows.length > 0
}
