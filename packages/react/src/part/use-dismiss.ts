'use client'
/** Closes a disclosure on Escape and when something else is pressed or focused. */
import { useEffect, type RefObject } from 'react'

export function useDismiss(place: RefObject<HTMLDetailsElement | null>): void {
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || !element.open) return
      element.open = false
      element.querySelector('summary')?.focus()
    }
    const onLeave = (event: Event) => {
      if (event.target instanceof Node && !element.contains(event.target)) element.open = false
    }
    const page = element.ownerDocument
    element.addEventListener('keydown', onKeyDown)
    page.addEventListener('pointerdown', onLeave)
    page.addEventListener('focusin', onLeave)
    return () => {
      element.removeEventListener('keydown', onKeyDown)
      page.removeEventListener('pointerdown', onLeave)
      page.removeEventListener('focusin', onLeave)
    }
  }, [place])
}
