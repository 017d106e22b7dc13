'use client'
/** A modal question in the browser's own dialog: focus stays inside, Escape closes. */
import { useId, useRef, type ReactNode } from 'react'
import { useBrowserLayoutEffect } from '../hook/use-browser-layout-effect.ts'

export interface DialogProps {
  readonly title: string
  readonly hint?: string | undefined
  readonly onClose: () => void
  readonly children: ReactNode
  /** Escape does nothing: what is shown will never be shown again. */
  readonly isSticky?: boolean
}

export function Dialog({ title, hint, onClose, children, isSticky = false }: DialogProps) {
  const place = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  // Closed while it is still on the page: only then does the browser give the focus back to where it was.
  useBrowserLayoutEffect(() => {
    const element = place.current
    if (element === null || element.open) return
    element.showModal()
    return () => {
      element.close()
    }
  }, [])
  return (
    <dialog
      ref={place}
      className="bud bud-dialog"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        if (!isSticky) onClose()
      }}
    >
      <h2 id={titleId} className="bud-dialog-title">
        {title}
      </h2>
      {hint === undefined ? null : <p className="bud-muted">{hint}</p>}
      {children}
    </dialog>
  )
}
