'use client'
/** Asks for a budget by the calendar month. */
import { useId, useState } from 'react'
import { useBudStrings } from '../hook/bud-context.ts'
import { Dialog } from '../part/dialog.tsx'
import { Field } from '../part/field.tsx'

const subjects = ['all', 'project', 'key', 'user', 'model'] as const

export interface BudgetDraft {
  readonly name: string
  readonly subject: (typeof subjects)[number]
  readonly subjectId: string
  readonly limitUsd: string
  readonly stop: boolean
}

export interface BudgetFormProps {
  readonly isBusy: boolean
  readonly error: string | undefined
  readonly onSubmit: (draft: BudgetDraft) => void
  readonly onClose: () => void
}

export function BudgetForm({ isBusy, error, onSubmit, onClose }: BudgetFormProps) {
  const { budgets, keys } = useBudStrings()
  const [draft, setDraft] = useState<BudgetDraft>({ name: '', subject: 'project', subjectId: 'default', limitUsd: '', stop: false })
  const subjectField = useId()
  const change = (part: Partial<BudgetDraft>) => {
    setDraft({ ...draft, ...part })
  }
  // The server can stop calls of a key, a project or a user; others only alert.
  const canStop = draft.subject !== 'all' && draft.subject !== 'model'
  return (
    <Dialog title={budgets.create} onClose={onClose}>
      <form
        className="bud-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (!isBusy) onSubmit({ ...draft, stop: draft.stop && canStop })
        }}
      >
        <Field label={budgets.name} isRequired value={draft.name} onChange={(name) => change({ name })} />
        <div className="bud-form-columns">
          <div className="bud-field">
            <label htmlFor={subjectField}>{budgets.subject}</label>
            <span className="bud-select-field">
              <select
                id={subjectField}
                className="bud-select"
                value={draft.subject}
                onChange={(event) => change({ subject: subjects.find((kind) => kind === event.target.value) ?? 'all' })}
              >
                {subjects.map((kind) => (
                  <option key={kind} value={kind}>
                    {budgets.subjects[kind] ?? kind}
                  </option>
                ))}
              </select>
            </span>
          </div>
          {draft.subject === 'all' ? null : (
            <Field label={budgets.subjectId} isRequired value={draft.subjectId} onChange={(subjectId) => change({ subjectId })} />
          )}
          <Field
            label={budgets.limit}
            isRequired
            inputMode="decimal"
            value={draft.limitUsd}
            onChange={(limitUsd) => change({ limitUsd })}
          />
        </div>
        {canStop ? (
          <label className="bud-check">
            <input type="checkbox" checked={draft.stop} onChange={(event) => change({ stop: event.target.checked })} />
            {budgets.stop}
          </label>
        ) : null}
        {error === undefined ? null : (
          <p className="bud-field-error" role="alert">
            {error}
          </p>
        )}
        <div className="bud-dialog-actions">
          <button type="button" className="bud-button" onClick={onClose}>
            {keys.cancel}
          </button>
          <button type="submit" className="bud-button bud-button-primary" disabled={isBusy || draft.name.trim() === ''}>
            {budgets.create}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
