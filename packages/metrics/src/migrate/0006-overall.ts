/** Migration 6: the same rollups without the projects, for questions about all of them. */
import { createRollupTable, createRollupViews, day, firstFamilies, hour, type RollupFamily } from './0003-rollups.ts'
import type { Migration } from './migration.ts'

/*
 * overall_hour, _day: what an operator's dashboard draws, fed from `requests_hour`. With a hundred projects it has a twentieth of those rows,
 * and merging the states of quantiles is what such a question takes its time for.
 */
const [requests] = firstFamilies

export const overallFamily: RollupFamily = {
  name: 'overall',
  dimensions: requests.dimensions.filter((name) => name !== 'project_id'),
  columns: requests.columns,
  levels: [hour, day],
  feed: requests,
}

/*
 * What was there before comes from the rollups, which may be older than the raw rows; rows of one key are joined by merges, so that nothing
 * is grouped in memory here. In this order it can be repeated with the views in place.
 */
const backfill = overallFamily.levels.flatMap(({ name: level }) => {
  const columns = [...overallFamily.dimensions, 'bucket', ...overallFamily.columns.map(({ name }) => name)].join(', ')
  return [
    `\nTRUNCATE TABLE overall_${level}`,
    `
INSERT INTO overall_${level} (${columns})
SELECT ${columns} FROM requests_${level}
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 1000`,
  ]
})

export const overallMigration: Migration = {
  version: 6,
  name: 'overall',
  statements: [
    ...overallFamily.levels.map((level) => createRollupTable(overallFamily, level)),
    ...backfill,
    ...createRollupViews(overallFamily),
    ...overallFamily.levels.map(({ name }) => `\nCREATE TABLE IF NOT EXISTS overall_${name}_rebuilt AS overall_${name}`),
  ],
}
