'use client'
/** Virtual keys: made and shown once, rotated, revoked. Needs a session or key with the scope `admin`. */
import { useState } from 'react'
import type { VirtualKey } from '../client/admin-client.ts'
import type { BudStrings } from '../format/strings.ts'
import { useAdmin, useAdminClient } from '../hook/use-admin.ts'
import { useAction } from '../hook/use-action.ts'
import { useBudClient, useBudStrings } from '../hook/bud-context.ts'
import { Icon } from '../icon/icon.tsx'
import { CopyButton } from '../part/copy-button.tsx'
import { Confirm } from '../part/confirm.tsx'
import { Dialog } from '../part/dialog.tsx'
import { EmptyNotice, ErrorNotice } from '../part/notice.tsx'
import { toNewKey, type KeyDraft } from './key-facts.ts'
import { KeyForm } from './key-form.tsx'
import { KeyTable } from './key-table.tsx'

/** How long the old key still works after a rotation. */
const overlapMs = 3_600_000

type Asking =
  | { readonly kind: 'create' }
  | { readonly kind: 'rotate' | 'revoke'; readonly record: VirtualKey }
  | { readonly kind: 'shown'; readonly key: string }

export interface KeyManagerProps {
  /** Keys that are not shown, e.g. those of browser sessions. */
  readonly isHidden?: ((key: VirtualKey) => boolean) | undefined
}

const isSession = (key: VirtualKey) => key.tags['kind'] === 'session'

export function KeyManager({ isHidden = isSession }: KeyManagerProps) {
  const { keys, common } = useBudStrings()
  const clock = useBudClient().clock
  const admin = useAdminClient()
  const list = useAdmin('listKeys', {})
  const [asking, setAsking] = useState<Asking | undefined>(undefined)
  const [showsRevoked, setShowsRevoked] = useState(false)
  const close = () => {
    change.reset()
    setAsking(undefined)
  }
  const change = useAction(async (step: { readonly asking: Asking; readonly draft?: KeyDraft }, signal) => {
    const next = await perform(step.asking, step.draft, signal)
    list.reload()
    setAsking(next)
  })
  const perform = async (step: Asking, draft: KeyDraft | undefined, signal: AbortSignal): Promise<Asking | undefined> => {
    switch (step.kind) {
      case 'create': {
        if (draft === undefined) return undefined
        const made = await admin.call('createKey', { body: toNewKey(draft, clock.nowMs()) }, { signal })
        return { kind: 'shown', key: made.key }
      }
      case 'rotate': {
        const made = await admin.call('rotateKey', { params: { id: step.record.id }, body: { overlapMs } }, { signal })
        return { kind: 'shown', key: made.key }
      }
      case 'revoke':
        await admin.call('revokeKey', { params: { id: step.record.id } }, { signal })
        return undefined
      case 'shown':
        return undefined
    }
  }
  const visible = (list.data?.data ?? []).filter((key) => !isHidden(key))
  const shown = visible.filter((key) => showsRevoked || key.revokedUnixMs === undefined)
  const isBusy = change.state.kind === 'busy'
  const error = change.state.kind === 'failed' ? change.state.error.message : undefined
  return (
    <section className="bud bud-panel bud-keys" aria-label={keys.label} aria-busy={list.status === 'loading'}>
      <header className="bud-panel-header">
        <span className="bud-panel-title">{keys.label}</span>
        <span className="bud-panel-actions">
          <button
            type="button"
            className="bud-chip"
            aria-pressed={showsRevoked}
            onClick={() => {
              setShowsRevoked(!showsRevoked)
            }}
          >
            {keys.showRevoked}
          </button>
          <button type="button" className="bud-button bud-button-primary" onClick={() => setAsking({ kind: 'create' })}>
            <Icon name="plus" />
            {keys.create}
          </button>
        </span>
      </header>
      {list.status === 'error' ? (
        <ErrorNotice message={list.error?.message ?? ''} onRetry={list.reload} />
      ) : list.status === 'loading' ? (
        <p className="bud-loading">{common.loading}</p>
      ) : shown.length === 0 ? (
        <EmptyNotice title={keys.empty} hint={keys.emptyHint} />
      ) : (
        <KeyTable
          keys={[...shown].reverse()}
          onRotate={(record) => setAsking({ kind: 'rotate', record })}
          onRevoke={(record) => setAsking({ kind: 'revoke', record })}
        />
      )}
      {list.isStale ? <p className="bud-stale">{common.stale}</p> : null}
      {asking?.kind === 'create' ? (
        <KeyForm isBusy={isBusy} error={error} onSubmit={(draft) => change.run({ asking, draft })} onClose={close} />
      ) : null}
      {asking?.kind === 'rotate' || asking?.kind === 'revoke' ? (
        <Confirm
          {...toQuestion(asking, keys)}
          cancel={keys.cancel}
          isBusy={isBusy}
          error={error}
          onConfirm={() => change.run({ asking })}
          onClose={close}
        />
      ) : null}
      {asking?.kind === 'shown' ? (
        <Dialog title={keys.createdTitle} hint={keys.createdHint} onClose={close} isSticky>
          <div className="bud-secret">
            <code>{asking.key}</code>
            <CopyButton text={asking.key} />
          </div>
          <div className="bud-dialog-actions">
            <button type="button" className="bud-button bud-button-primary" onClick={close}>
              {keys.done}
            </button>
          </div>
        </Dialog>
      ) : null}
    </section>
  )
}

function toQuestion(
  { kind, record: { name } }: { readonly kind: 'rotate' | 'revoke'; readonly record: VirtualKey },
  keys: BudStrings['keys'],
) {
  return kind === 'revoke'
    ? { title: keys.revokeTitle(name), hint: keys.revokeHint, action: keys.revoke, isDangerous: true }
    : { title: keys.rotateTitle(name), hint: keys.rotateHint, action: keys.rotate, isDangerous: false }
}
