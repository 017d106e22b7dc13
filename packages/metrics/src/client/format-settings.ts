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
