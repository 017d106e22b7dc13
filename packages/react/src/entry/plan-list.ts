/** Public list of the plan widgets. */
export { MemoryBar } from '../plan-list/memory-bar.tsx'
export { PlanCard, type PlanCardProps } from '../plan-list/plan-card.tsx'
export { PlanList, type PlanListProps } from '../plan-list/plan-list.tsx'
