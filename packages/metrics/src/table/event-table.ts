/** How one kind of event is kept: its table and the cells of its row. */
import type { BudEvent } from '@bud-foundry/core'
import type { z } from 'zod'

export interface EventTable<Event extends BudEvent> {
  readonly kind: Event['kind']
  readonly table: string
  /** The first column of the sorting key, so that looking for known ids reads little. */
  readonly partitionColumn: string
  partitionOf(event: Event): string
  readonly columns: readonly string[]
  /** One row in the order of `columns`, for JSONCompactEachRow. */
  toCells(event: Event): readonly unknown[]
  readonly schema: z.ZodType<Event>
}
