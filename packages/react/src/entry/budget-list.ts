/** Public list of the budgets. */
export { BudgetList } from '../budget-list/budget-list.tsx'
export { BudgetMeter } from '../budget-list/budget-meter.tsx'
