'use client'
/** Copies text and says for a moment that it did. */
import { useCallback, useEffect, useRef, useState } from 'react'

export type CopyState = 'idle' | 'copied' | 'failed'

const shownMs = 1_600

export function useCopy(): { readonly state: CopyState; readonly copy: (text: string) => void } {
  const [state, setState] = useState<CopyState>('idle')
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const isMounted = useRef(true)
  useEffect(() => {
    isMounted.current = true
    return () => {
      isMounted.current = false
      clearTimeout(timer.current)
    }
  }, [])
  const copy = useCallback((text: string) => {
    const show = (next: CopyState) => {
      if (!isMounted.current) return
      setState(next)
      clearTimeout(timer.current)
      timer.current = setTimeout(() => {
        setState('idle')
      }, shownMs)
    }
    writeText(text).then(
      () => {
        show('copied')
      },
      () => {
        show('failed')
      },
    )
  }, [])
  return { state, copy }
}

/** Rejects where the browser offers no clipboard, as on plain http away from localhost. */
async function writeText(text: string): Promise<void> {
  await navigator.clipboard.writeText(text)
}
