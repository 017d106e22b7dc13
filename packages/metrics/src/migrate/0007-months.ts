/** Migration 7: all projects per month, for questions about years. */
import { createRollupTable, createRollupView, type RollupFamily, type RollupLevel } from './0003-rollups.ts'
import { overallFamily } from './0006-overall.ts'
import type { Migration } from './migration.ts'

/*
 * overall_month: a year in days is thirty times as many states of quantiles to merge, and people wait for that. Twelve rows a year per
 * combination of labels cost nothing to keep, and next to nothing to write, because they follow from `overall_day`.
 */
const month: RollupLevel = {
  name: 'month',
  startOf: 'toStartOfMonth',
  partition: 'toYear(bucket)',
  partitionId: (bucket) => `toString(toYear(${bucket}))`,
  repairUnit: 'toStartOfMonth',
  daysMax: 31,
}

/** With the levels of migration 6. */
export const overallMonthsFamily: RollupFamily = { ...overallFamily, levels: [...overallFamily.levels, month] }

/* As in migration 6: rows of one key are joined by merges, so that nothing is grouped in memory here. */
const others = [...overallFamily.dimensions, ...overallFamily.columns.map(({ name }) => name)]
const backfill = `
INSERT INTO overall_month (bucket, ${others.join(', ')})
SELECT toDateTime(toStartOfMonth(finer.bucket, 'UTC'), 'UTC'), ${others.join(', ')} FROM overall_day AS finer
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 1000`

export const monthsMigration: Migration = {
  version: 7,
  name: 'months',
  statements: [
    createRollupTable(overallMonthsFamily, month),
    '\nTRUNCATE TABLE overall_month',
    backfill,
    createRollupView(overallMonthsFamily, month),
    '\nCREATE TABLE IF NOT EXISTS overall_month_rebuilt AS overall_month',
  ],
}
