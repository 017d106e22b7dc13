/** Keys, what they have used of their limits, and budgets. */
import { BudgetList } from '@bud-foundry/react/budget-list'
import { KeyManager } from '@bud-foundry/react/key-manager'
import { LimitMeters } from '@bud-foundry/react/limit-meters'
import { AdminGuard } from './admin-guard.tsx'

export function KeysPage() {
  return (
    <>
      <div className="page-head">
        <h1>Keys</h1>
        <p>Who may call which models, how often, and for how much.</p>
      </div>
      <AdminGuard>
        <KeyManager />
        <LimitMeters />
        <BudgetList />
      </AdminGuard>
    </>
  )
}
