'use client'
/** Closes a disclosure on Escape and when something else is pressed or focused; listens to the page only while it is open. */
import { useEffect, type RefObject } from 'react'

export function useDismiss(place: RefObject<HTMLDetailsElement | null>): void {
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const page = element.ownerDocument
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || !element.open) return
      element.open = false
      element.querySelector('summary')?.focus()
    }
    const onLeave = (event: Event) => {
      // The first of the path, also when the event comes out of a shadow root.
      const [target] = event.composedPath()
      if (target instanceof Node && !element.contains(target)) element.open = false
    }
    let isListening = false
    const stop = () => {
      if (!isListening) return
      isListening = false
      page.removeEventListener('pointerdown', onLeave)
      page.removeEventListener('focusin', onLeave)
    }
    const onToggle = () => {
      stop()
      if (!element.open) return
      isListening = true
      page.addEventListener('pointerdown', onLeave)
      page.addEventListener('focusin', onLeave)
    }
    element.addEventListener('keydown', onKeyDown)
    element.addEventListener('toggle', onToggle)
    return () => {
      stop()
      element.removeEventListener('keydown', onKeyDown)
      element.removeEventListener('toggle', onToggle)
    }
  }, [place])
}
