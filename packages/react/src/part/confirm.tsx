'use client'
/** Asks before something is done that cannot be taken back. */
import { Dialog } from './dialog.tsx'

export interface ConfirmProps {
  readonly title: string
  readonly hint: string
  /** What the button says that does it. */
  readonly action: string
  readonly cancel: string
  /** Default true. */
  readonly isDangerous?: boolean
  readonly isBusy: boolean
  readonly error: string | undefined
  readonly onConfirm: () => void
  readonly onClose: () => void
}

export function Confirm({ title, hint, action, cancel, isDangerous = true, isBusy, error, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} hint={hint} onClose={onClose}>
      {error === undefined ? null : (
        <p className="bud-field-error" role="alert">
          {error}
        </p>
      )}
      <div className="bud-dialog-actions">
        <button type="button" className="bud-button" onClick={onClose}>
          {cancel}
        </button>
        <button
          type="button"
          className={isDangerous ? 'bud-button bud-button-danger' : 'bud-button bud-button-primary'}
          disabled={isBusy}
          onClick={onConfirm}
        >
          {action}
        </button>
      </div>
    </Dialog>
  )
}
