/** Public list of the comparison of plans. */
export { PlanComparison } from '../sim/plan-comparison.tsx'
