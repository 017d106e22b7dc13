/** Keys and budgets. */
import { BudgetList } from '../src/entry/budget-list.ts'
import { KeyManager } from '../src/entry/key-manager.ts'
import { nowUnixMs } from '../test/support/sample-data.ts'
import { failed, loaded, loading, staleAfter } from './support/states.ts'

export default { title: 'Gateway/Keys and budgets' }

const dayMs = 86_400_000
const keys = {
  data: [
    {
      id: '1',
      prefix: 'bud_4f2a',
      name: 'checkout',
      projectId: 'web',
      scopes: ['inference'],
      limits: [{ kind: 'requests', limit: 60, window: 'minute' }],
      createdUnixMs: nowUnixMs - 3 * dayMs,
      tags: {},
    },
    {
      id: '2',
      prefix: 'bud_91bc',
      name: 'nightly-batch',
      projectId: 'data',
      scopes: ['inference'],
      models: ['qwen3-*'],
      createdUnixMs: nowUnixMs - 40 * dayMs,
      expiresUnixMs: nowUnixMs - dayMs,
      tags: {},
    },
  ],
}
const budget = {
  id: 'web',
  name: 'Web team',
  subject: { kind: 'project', id: 'web' },
  limitUsd: 500,
  window: { calendar: 'month', timeZone: 'UTC' },
  alertPercents: [50, 80],
  stop: true,
}
const state = (spentUsd: number, id = 'web') => ({
  budget: { ...budget, id },
  windowStartUnixMs: nowUnixMs - 20 * dayMs,
  windowEndUnixMs: nowUnixMs + 10 * dayMs,
  spentUsd,
  remainingUsd: 500 - spentUsd,
})

const keyManager = () => <KeyManager />
export const Keys = { ...loaded({ keys }), render: keyManager }
export const KeysEmpty = { ...loaded({ keys: { data: [] } }), render: keyManager }
export const KeysLoading = { ...loading, render: keyManager }
export const KeysFailed = { ...failed, render: keyManager }

const budgetList = () => <BudgetList />
export const Budgets = {
  ...loaded({ budgets: { data: [budget, { ...budget, id: 'over' }] }, 'budgets/web': state(212.4), 'budgets/over': state(530, 'over') }),
  render: budgetList,
}
export const BudgetsEmpty = { ...loaded({ budgets: { data: [] } }), render: budgetList }
export const BudgetsFailed = { ...failed, render: budgetList }
export const KeysStale = { ...staleAfter({ keys }), render: keyManager }
