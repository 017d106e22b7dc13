/** How results are written by every engine, so that a row reads the same everywhere, and what one question may take. */
import { metricsLimits } from '../limits.ts'

/** Appended to each question: old servers quote 64-bit integers, and not-a-number must arrive as null. */
export const resultSettings = `SETTINGS ${[
  'output_format_json_quote_64bit_integers = 0',
  'output_format_json_quote_decimals = 0',
  'output_format_json_quote_denormals = 0',
  `max_memory_usage = ${String(metricsLimits.memoryBytesPerQuestion)}`,
  `max_bytes_before_external_group_by = ${String(metricsLimits.spillBytes)}`,
  `max_bytes_before_external_sort = ${String(metricsLimits.spillBytes)}`,
  `max_execution_time = ${String(metricsLimits.secondsPerQuestion)}`,
].join(', ')}`

/** The same for files: spreadsheets and readers of CSV take an empty field for nothing, and `\\N` for a text. */
export const fileSettings = `${resultSettings}, format_csv_null_representation = ''`

/** From 1970 to 2090 there are 6,261 weeks, which the finest partitions are: no mix of times may hold up what waits behind it. */
const partitionsMax = { max_partitions_per_insert_block: 10_000 }

/** Rows in text, which the engine itself tells from a former attempt. */
export const textInsertSettings = (token: string) => ({ insert_deduplicate: 1, insert_deduplication_token: token, ...partitionsMax })

/**
 * Without a limit one block per insert, so that each partition gets one part and the views see all rows at once. Rows of one key stay apart
 * until a merge: joining them here takes five times as long as writing them. Replicated tables would drop a block that they have seen before,
 * as when a user was erased and is imported again: which rows are known is told by their ids, before.
 */
export const rowInsertSettings = (blockRows?: number) => ({
  optimize_on_insert: 0,
  max_insert_block_size: blockRows ?? 1_000_000,
  min_insert_block_size_rows: blockRows ?? 1_000_000,
  min_insert_block_size_bytes: blockRows === undefined ? 1_000_000_000 : 0,
  ...(blockRows === undefined ? {} : { max_block_size: blockRows }),
  ...partitionsMax,
  parallel_view_processing: 1,
  insert_deduplicate: 0,
})

/** Rollups that are made anew: groups beyond the bound go to disk, and a table that was emptied takes the same rows again. */
export const rebuildSettings = `SETTINGS insert_deduplicate = 0, max_bytes_before_external_group_by = ${String(metricsLimits.spillBytes)}`

/** For notes that are written, emptied and written again: a replicated table would drop the second. */
export const repeatableInsert = 'SETTINGS insert_deduplicate = 0'

/** Settings at the end of a statement. */
export const toSettingsClause = (settings: Readonly<Record<string, number>>): string =>
  `SETTINGS ${Object.entries(settings)
    .map(([name, value]) => `${name} = ${String(value)}`)
    .join(', ')}`
