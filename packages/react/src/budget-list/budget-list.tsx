'use client'
/** Budgets with what they have used; new ones are added, old ones deleted. Needs the scope `admin`. */
import { useState } from 'react'
import type { AdminInput, BudgetState } from '../client/admin-client.ts'
import { useAction } from '../hook/use-action.ts'
import { useAdminClient } from '../hook/use-admin.ts'
import { useBudStrings } from '../hook/bud-context.ts'
import { useResource } from '../hook/use-resource.ts'
import { createAdminClient } from '../client/admin-client.ts'
import { Icon } from '../icon/icon.tsx'
import { Confirm } from '../part/confirm.tsx'
import { EmptyNotice, ErrorNotice } from '../part/notice.tsx'
import { BudgetForm, type BudgetDraft } from './budget-form.tsx'
import { BudgetMeter } from './budget-meter.tsx'

/** More are not asked for at once. */
const budgetsMax = 50

export function BudgetList() {
  const { budgets, common, keys } = useBudStrings()
  const admin = useAdminClient()
  const [isAdding, setIsAdding] = useState(false)
  const [asking, setAsking] = useState<BudgetState['budget'] | undefined>(undefined)
  const list = useResource<readonly BudgetState[]>({
    key: 'budget-states',
    refreshMs: 15_000,
    load: async (client, signal) => {
      const calls = createAdminClient(client)
      const { data } = await calls.call('listBudgets', {}, { signal })
      return Promise.all(data.slice(0, budgetsMax).map(({ id }) => calls.call('getBudget', { params: { id } }, { signal })))
    },
  })
  const add = useAction(async (draft: BudgetDraft, signal) => {
    await admin.call('putBudget', toPut(draft, new Set(list.data?.map(({ budget }) => budget.id))), { signal })
    setIsAdding(false)
    list.reload()
  })
  const remove = useAction(async (id: string, signal) => {
    await admin.call('deleteBudget', { params: { id } }, { signal })
    setAsking(undefined)
    list.reload()
  })
  const close = () => {
    add.reset()
    setIsAdding(false)
  }
  return (
    <section className="bud bud-panel" aria-label={budgets.label} aria-busy={list.status === 'loading'}>
      <header className="bud-panel-header">
        <span className="bud-panel-title">{budgets.label}</span>
        <span className="bud-panel-actions">
          <button type="button" className="bud-button" onClick={() => setIsAdding(true)}>
            <Icon name="plus" />
            {budgets.create}
          </button>
        </span>
      </header>
      {list.status === 'error' ? (
        <ErrorNotice message={list.error?.message ?? ''} onRetry={list.reload} />
      ) : list.status === 'loading' ? (
        <p className="bud-loading">{common.loading}</p>
      ) : list.data === undefined || list.data.length === 0 ? (
        <EmptyNotice title={budgets.empty} hint={budgets.emptyHint} />
      ) : (
        <ul className="bud-budgets">
          {list.data.map((state) => (
            <li key={state.budget.id}>
              <BudgetMeter state={state} />
              <button
                type="button"
                className="bud-button bud-button-ghost bud-button-icon"
                aria-label={`${budgets.remove}: ${state.budget.name === '' ? state.budget.id : state.budget.name}`}
                title={budgets.remove}
                onClick={() => setAsking(state.budget)}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {list.isStale ? <p className="bud-stale">{common.stale}</p> : null}
      {asking === undefined ? null : (
        <Confirm
          title={budgets.removeTitle(asking.name === '' ? asking.id : asking.name)}
          hint={budgets.removeHint}
          action={budgets.remove}
          cancel={keys.cancel}
          isBusy={remove.state.kind === 'busy'}
          error={remove.state.kind === 'failed' ? remove.state.error.message : undefined}
          onConfirm={() => remove.run(asking.id)}
          onClose={() => {
            remove.reset()
            setAsking(undefined)
          }}
        />
      )}
      {isAdding ? (
        <BudgetForm
          isBusy={add.state.kind === 'busy'}
          error={add.state.kind === 'failed' ? add.state.error.message : undefined}
          onSubmit={add.run}
          onClose={close}
        />
      ) : null}
    </section>
  )
}

/** The id is the name in the letters that ids may have, and another than those that are taken: a second budget must not replace the first. */
export function toPut(
  { name, subject, subjectId, limitUsd, stop }: BudgetDraft,
  taken: ReadonlySet<string> = new Set(),
): AdminInput<'putBudget'> {
  const letters = name
    .trim()
    .toLowerCase()
    .replace(/[^\w.:-]+/g, '-')
    .slice(0, 50)
  const base = /\w/.test(letters) ? letters : 'budget'
  let id = base
  for (let copy = 2; taken.has(id); copy += 1) id = `${base}-${String(copy)}`
  return {
    params: { id },
    body: {
      name: name.trim(),
      subject: subject === 'all' ? { kind: 'all' } : { kind: subject, id: subjectId.trim() },
      limitUsd: Number(limitUsd),
      stop,
    },
  }
}
