'use client'
/** Credentials of providers: written once, listed by name and date, never read back. Needs the scope `admin`. */
import { useId, useState } from 'react'
import { useBudFormat, useBudStrings, useWords } from '../hook/bud-context.ts'
import { useAction } from '../hook/use-action.ts'
import { useAdmin, useAdminClient } from '../hook/use-admin.ts'
import { useNow } from '../hook/use-now.ts'
import { Icon } from '../icon/icon.tsx'
import { Confirm } from '../part/confirm.tsx'
import { Dialog } from '../part/dialog.tsx'
import { Field } from '../part/field.tsx'
import { Loaded, Panel } from '../part/loaded.tsx'
import { gatewayWords } from './gateway-words.ts'

type Asking = { readonly kind: 'put'; readonly name: string } | { readonly kind: 'remove'; readonly name: string }

export function CredentialList() {
  const words = useWords('gateway', gatewayWords)
  const format = useBudFormat()
  const nowMs = useNow(30_000)
  const admin = useAdminClient()
  const list = useAdmin('listCredentials', {})
  const [asking, setAsking] = useState<Asking | undefined>(undefined)
  const change = useAction(async (step: { readonly name: string; readonly secret: string | undefined }, signal) => {
    const { name, secret } = step
    if (secret === undefined) await admin.call('deleteCredential', { params: { name } }, { signal })
    else await admin.call('putCredential', { params: { name }, body: { secret } }, { signal })
    setAsking(undefined)
    list.reload()
  })
  const close = () => {
    change.reset()
    setAsking(undefined)
  }
  const error = change.state.kind === 'failed' ? change.state.error.message : undefined
  const isBusy = change.state.kind === 'busy'
  return (
    <Panel
      title={words.credentials}
      actions={
        <button type="button" className="bud-button" onClick={() => setAsking({ kind: 'put', name: '' })}>
          <Icon name="plus" />
          {words.addCredential}
        </button>
      }
    >
      <Loaded
        resource={list}
        isEmpty={({ data }) => data.length === 0}
        empty={{ title: words.noCredentials, hint: words.noCredentialsHint }}
      >
        {({ data }) => (
          <ul className="bud-rows">
            {data.map(({ name, createdUnixMs, updatedUnixMs }) => (
              <li key={name}>
                <Icon name="key" />
                <b>{name}</b>
                <span className="bud-muted">
                  {updatedUnixMs > createdUnixMs
                    ? words.updated(format.relative(updatedUnixMs, nowMs))
                    : words.created(format.relative(createdUnixMs, nowMs))}
                </span>
                <span className="bud-panel-actions">
                  <button
                    type="button"
                    className="bud-button bud-button-ghost"
                    aria-label={`${words.replace}: ${name}`}
                    onClick={() => setAsking({ kind: 'put', name })}
                  >
                    {words.replace}
                  </button>
                  <button
                    type="button"
                    className="bud-button bud-button-ghost"
                    aria-label={`${words.remove}: ${name}`}
                    onClick={() => setAsking({ kind: 'remove', name })}
                  >
                    {words.remove}
                  </button>
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {asking?.kind === 'put' ? (
        <CredentialForm
          name={asking.name}
          isBusy={isBusy}
          error={error}
          onSubmit={(name, secret) => change.run({ name, secret })}
          onClose={close}
        />
      ) : null}
      {asking?.kind === 'remove' ? (
        <Confirm
          title={words.removeTitle(asking.name)}
          hint={words.removeHint}
          action={words.remove}
          cancel={words.cancel}
          isBusy={isBusy}
          error={error}
          onConfirm={() => change.run({ name: asking.name, secret: undefined })}
          onClose={close}
        />
      ) : null}
    </Panel>
  )
}

interface CredentialFormProps {
  readonly name: string
  readonly isBusy: boolean
  readonly error: string | undefined
  readonly onSubmit: (name: string, secret: string) => void
  readonly onClose: () => void
}

function CredentialForm({ name: given, isBusy, error, onSubmit, onClose }: CredentialFormProps) {
  const words = useWords('gateway', gatewayWords)
  const { common } = useBudStrings()
  const [name, setName] = useState(given)
  const [secret, setSecret] = useState('')
  const id = useId()
  return (
    <Dialog title={given === '' ? words.addCredential : `${words.replace}: ${given}`} hint={words.secretHint} onClose={onClose}>
      <form
        className="bud-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (!isBusy && name.trim() !== '' && secret !== '') onSubmit(name.trim(), secret)
        }}
      >
        {given === '' ? <Field label={words.name} value={name} onChange={setName} isRequired /> : null}
        <div className="bud-field">
          <label htmlFor={id}>{words.secret}</label>
          <input
            id={id}
            className="bud-input"
            type="password"
            autoComplete="off"
            spellCheck={false}
            required
            value={secret}
            onChange={(event) => setSecret(event.target.value)}
          />
        </div>
        {error === undefined ? null : (
          <p className="bud-field-error" role="alert">
            {error}
          </p>
        )}
        <div className="bud-dialog-actions">
          <button type="button" className="bud-button" onClick={onClose}>
            {words.cancel}
          </button>
          <button type="submit" className="bud-button bud-button-primary" disabled={isBusy || name.trim() === '' || secret === ''}>
            {isBusy ? common.loading : words.save}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
