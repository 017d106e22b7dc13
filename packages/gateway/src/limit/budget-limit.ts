/** Limits that are the hard stop of a budget: they stand among those of their key, project or user, but change with the budget alone. */
import { gatewayErrors } from '../errors.ts'
import type { Limit } from './limit-schema.ts'

/** Begins the names of such limits, and of no others. */
export const budgetLimitPrefix = 'budget-'

interface Limited {
  readonly limits?: readonly Limit[] | undefined
}
interface LimitChange {
  readonly limits?: readonly Limit[] | null | undefined
}

const isOfBudget = ({ name }: Limit): boolean => name?.startsWith(budgetLimitPrefix) === true

/** @throws GATEWAY_BUDGET_LIMIT for a limit with the name of a budget's stop that is not among `kept` */
function refuseNew(limits: readonly Limit[], kept: readonly Limit[]): void {
  const other = limits.find((limit) => isOfBudget(limit) && !kept.some(({ name }) => name === limit.name))
  if (other !== undefined) throw gatewayErrors.BUDGET_LIMIT({ name: other.name ?? '' })
}

/** What is made has no stops: budgets set them. @throws GATEWAY_BUDGET_LIMIT */
export function withoutStops<New extends Limited>(made: New): New {
  refuseNew(made.limits ?? [], [])
  return made
}

/**
 * A change that leaves the stops as they are, also where it takes all limits away or gives back what it has read. A function writes what it returns:
 * that is how budgets set their stops.
 * @throws GATEWAY_BUDGET_LIMIT when the change is applied
 */
export function keepingStops<Kept extends Limited, Change extends LimitChange>(
  change: Change | ((record: Kept) => Change),
): Change | ((record: Kept) => Change) {
  if (typeof change === 'function' || change.limits === undefined) return change
  return ({ limits = [] }) => {
    const stops = limits.filter(isOfBudget)
    const given = change.limits ?? []
    refuseNew(given, stops)
    const own = given.filter((limit) => !isOfBudget(limit))
    return { ...change, limits: own.length + stops.length === 0 ? change.limits : [...own, ...stops] }
  }
}

/** @throws GATEWAY_BUDGET_STOPS where taking the record away would take the stop of a budget with it */
export function refuseWithStops(what: string, record: (Limited & { readonly id: string }) | undefined): void {
  const stop = record?.limits?.find(isOfBudget)
  if (record !== undefined && stop !== undefined) throw gatewayErrors.BUDGET_STOPS({ what, id: record.id, name: stop.name ?? '' })
}
