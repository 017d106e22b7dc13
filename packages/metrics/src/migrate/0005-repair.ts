/** Migration 5: what keeps rollups equal to the raw rows: where doubtful deliveries are compared, and where touched buckets are made anew. */
import type { Migration } from './migration.ts'
import { firstFamilies } from './0003-rollups.ts'

/*
 * requests_doubtful: one delivery that may have been made before, until its new rows are told from the known ones.
 * rollup_repairs: the hours whose rollups are not certain. Written before the raw rows change and emptied when the rollups are right again,
 * so that whatever a crash leaves in it is repaired at the next start.
 */
const doubtful = `
CREATE TABLE IF NOT EXISTS requests_doubtful AS requests
ENGINE = MergeTree
ORDER BY (project_id, time, id)`

const repairs = `
CREATE TABLE IF NOT EXISTS rollup_repairs (
  project_id LowCardinality(String),
  hour DateTime('UTC')
)
ENGINE = MergeTree
ORDER BY (project_id, hour)`

const rebuilt = firstFamilies.flatMap(({ name, levels }) =>
  levels.map(({ name: level }) => `\nCREATE TABLE IF NOT EXISTS ${name}_${level}_rebuilt AS ${name}_${level}`),
)

/* Raw rows that were there before the rollups: their hours are made anew by the repair that follows every migration. */
const backfill = `
INSERT INTO rollup_repairs (project_id, hour)
SELECT DISTINCT project_id, toDateTime(toStartOfHour(time, 'UTC'), 'UTC') FROM requests`

export const repairMigration: Migration = { version: 5, name: 'repair', statements: [doubtful, repairs, ...rebuilt, backfill] }
