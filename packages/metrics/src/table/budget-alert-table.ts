/** Thresholds that budgets have passed as rows of the table `budget_alerts`. */
import { budgetAlertEventSchema, type BudgetAlertEvent } from '@bud-foundry/core'
import { toMoneyCell, toTextCell, toTimeCell } from './cell.ts'
import { toEventIdText, toEventKey } from './event-id.ts'
import type { EventTable } from './event-table.ts'

/** Column by column; the order here is the order of the cells. A budget of no single project has an empty one. */
const cells: Readonly<Record<string, (event: BudgetAlertEvent) => unknown>> = {
  project_id: ({ projectId }) => toTextCell(projectId),
  budget_id: ({ budgetId }) => toTextCell(budgetId),
  time: ({ timeUnixMs }) => toTimeCell(timeUnixMs),
  id: ({ id }) => toEventKey(id),
  id_text: ({ id }) => toTextCell(toEventIdText(id)),
  budget_name: ({ budgetName }) => toTextCell(budgetName),
  percent: ({ percent }) => percent,
  limit_usd: ({ limitUsd }) => toMoneyCell(limitUsd),
  spent_usd: ({ spentUsd }) => toMoneyCell(spentUsd),
  window_start: ({ windowStartUnixMs }) => toTimeCell(windowStartUnixMs),
  window_end: ({ windowEndUnixMs }) => toTimeCell(windowEndUnixMs),
  stops: ({ stops }) => stops,
}

const toCell = Object.values(cells)

export const budgetAlertTable: EventTable<BudgetAlertEvent> = {
  kind: 'budget-alert',
  table: 'budget_alerts',
  partitionColumn: 'project_id',
  partitionOf: ({ projectId }) => toTextCell(projectId),
  columns: Object.keys(cells),
  toCells: (event) => toCell.map((read) => read(event)),
  schema: budgetAlertEventSchema,
}
