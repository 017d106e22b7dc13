'use client'
/** Asks what a new key may do. */
import { useState } from 'react'
import { useBudStrings } from '../hook/bud-context.ts'
import { Dialog } from '../part/dialog.tsx'
import { Field } from '../part/field.tsx'
import { emptyDraft, type KeyDraft } from './key-facts.ts'

export interface KeyFormProps {
  readonly isBusy: boolean
  readonly error: string | undefined
  readonly onSubmit: (draft: KeyDraft) => void
  readonly onClose: () => void
}

export function KeyForm({ isBusy, error, onSubmit, onClose }: KeyFormProps) {
  const { keys } = useBudStrings()
  const [draft, setDraft] = useState(emptyDraft)
  const field = (name: keyof KeyDraft) => ({
    value: draft[name],
    onChange: (value: string) => {
      setDraft({ ...draft, [name]: value })
    },
  })
  return (
    <Dialog title={keys.create} onClose={onClose}>
      <form
        className="bud-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (!isBusy) onSubmit(draft)
        }}
      >
        <Field label={keys.name} isRequired {...field('name')} />
        <Field label={keys.project} placeholder="default" {...field('projectId')} />
        <Field label={keys.models} hint={keys.modelsHint} placeholder={keys.allModels} {...field('models')} />
        <div className="bud-form-columns">
          <Field label={keys.requestsPerMinute} inputMode="numeric" placeholder={keys.unlimited} {...field('requestsPerMinute')} />
          <Field label={keys.tokensPerMinute} inputMode="numeric" placeholder={keys.unlimited} {...field('tokensPerMinute')} />
          <Field label={keys.usdPerMonth} inputMode="decimal" placeholder={keys.unlimited} {...field('usdPerMonth')} />
          <Field label={keys.expires} inputMode="numeric" placeholder={keys.never} {...field('expiresDays')} />
        </div>
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
            {isBusy ? keys.creating : keys.create}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
