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

/**
 * One block per insert, so that each partition gets one part and the views see all rows at once. Rows of one key stay apart until a merge:
 * joining them here takes five times as long as writing them.
 */
export const rowInsertSettings = {
  optimize_on_insert: 0,
  max_insert_block_size: 1_000_000,
  min_insert_block_size_rows: 1_000_000,
  min_insert_block_size_bytes: 1_000_000_000,
  max_partitions_per_insert_block: 1_000,
  parallel_view_processing: 1,
} as const
