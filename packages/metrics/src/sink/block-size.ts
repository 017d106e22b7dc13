/** How many rows the engine groups at once: fewer while that is slow, because every label has a value of its own, more while it is quick. */
import { isBudError, type Clock } from '@bud-foundry/core'
import { metricsLimits } from '../limits.ts'

/** Follows the time that inserts take. */
export interface BlockSize {
  /** Rows of the next insert's blocks. */
  readonly rows: number
  /** Runs an insert with that many rows a block, and learns from it. */
  measure<Result>(insert: (blockRows: number) => Promise<Result>): Promise<Result>
}

export function createBlockSize(clock: Clock): BlockSize {
  const { rowBlockRowsMin, rowBatchRows, slowInsertMs, quickInsertMs } = metricsLimits
  let rows: number = rowBatchRows
  const halve = () => {
    rows = Math.max(rowBlockRowsMin, Math.ceil(rows / 2))
  }
  return {
    get rows() {
      return rows
    },
    async measure(insert) {
      const startMs = clock.nowMs()
      try {
        const result = await insert(rows)
        const tookMs = clock.nowMs() - startMs
        if (tookMs > slowInsertMs) halve()
        else if (tookMs < quickInsertMs) rows = Math.min(rowBatchRows, rows * 2)
        return result
      } catch (error) {
        // Too much at once, for all that is known: memory ran out, or the answer did not come in time.
        if (isBudError(error) && error.retryable) halve()
        throw error
      }
    },
  }
}
