'use client'
/** A button that copies a text and confirms it, also to a screen reader. */
import { useBudStrings } from '../hook/bud-context.ts'
import { useCopy } from '../hook/use-copy.ts'
import { Icon } from '../icon/icon.tsx'

export interface CopyButtonProps {
  readonly text: string
  /** What is copied, e.g. "Copy code"; default "Copy". */
  readonly label?: string
  /** Shows the icon alone. */
  readonly isIconOnly?: boolean
}

export function CopyButton({ text, label, isIconOnly = false }: CopyButtonProps) {
  const { common } = useBudStrings()
  const { state, copy } = useCopy()
  const name = state === 'copied' ? common.copied : state === 'failed' ? common.copyFailed : (label ?? common.copy)
  return (
    <button
      type="button"
      className={isIconOnly ? 'bud-button bud-button-ghost bud-button-icon' : 'bud-button bud-button-ghost'}
      data-state={state}
      title={isIconOnly ? name : undefined}
      onClick={() => {
        copy(text)
      }}
    >
      <Icon name={state === 'copied' ? 'check' : state === 'failed' ? 'warning' : 'copy'} />
      <span className={isIconOnly ? 'bud-hidden' : undefined} aria-live="polite">
        {name}
      </span>
    </button>
  )
}
