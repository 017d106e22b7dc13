/** Compares the columns of a file of measured rows with the documented format, so that none is dropped without a word. */
import { findSimilar } from '../similar-names.ts'
import { measurementSchema } from './measurement.ts'

const known = Object.keys(measurementSchema.shape)
const required = ['model', 'hardware', 'engine', 'isl', 'osl']
const unpredicted = /^(?:ttft|tpot|itl|e2e)_ms_(?:p\d+|min|max|std)$/

export interface ColumnCheck {
  /** Without these no row can be predicted. */
  readonly missing: readonly string[]
  /** Present and not read, with the reason. */
  readonly ignored: readonly { readonly column: string; readonly reason: string }[]
}

/** The separator of a file that is not separated by commas, from its only column's name. */
export function findOtherSeparator(columns: readonly string[]): ';' | '\t' | '|' | undefined {
  const [only, ...others] = columns
  if (only === undefined || others.length > 0) return undefined
  return ([';', '\t', '|'] as const).find((separator) => only.includes(separator))
}

/** What of a header is not understood. Columns of `groupBy` are understood by being grouped by. */
export function checkColumns(columns: readonly string[], groupBy: readonly string[] = []): ColumnCheck {
  const ignored = columns.flatMap((column) => {
    if (known.includes(column) || groupBy.includes(column)) return []
    if (unpredicted.test(column)) return [{ column, reason: 'means and medians are predicted, no other percentiles' }]
    const [similar] = findSimilar(column, known)
    return [{ column, reason: `not in the format${similar === undefined ? '' : `; did you mean '${similar}'?`}` }]
  })
  return { missing: required.filter((column) => !columns.includes(column)), ignored }
}
