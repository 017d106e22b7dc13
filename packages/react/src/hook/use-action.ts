'use client'
/** Something that the user starts and that answers later: at most one at a time, ended when its view goes away. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { BudClientError, isAborted } from '../errors.ts'

export type ActionState<T> =
  | { readonly kind: 'idle' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'done'; readonly result: T }
  | { readonly kind: 'failed'; readonly error: BudClientError }

export interface Action<Input, T> {
  readonly state: ActionState<T>
  /** Ends a run under way and starts anew. */
  readonly run: (input: Input) => void
  readonly reset: () => void
}

export function useAction<Input, T>(perform: (input: Input, signal: AbortSignal) => Promise<T>): Action<Input, T> {
  const [state, setState] = useState<ActionState<T>>({ kind: 'idle' })
  const performRef = useRef(perform)
  performRef.current = perform
  const running = useRef<AbortController | undefined>(undefined)

  const reset = useCallback(() => {
    running.current?.abort()
    running.current = undefined
    setState({ kind: 'idle' })
  }, [])

  const run = useCallback((input: Input) => {
    running.current?.abort()
    const controller = new AbortController()
    running.current = controller
    setState({ kind: 'busy' })
    const finish = (next: ActionState<T>) => {
      if (running.current === controller) setState(next)
    }
    performRef.current(input, controller.signal).then(
      (result) => {
        finish({ kind: 'done', result })
      },
      (cause: unknown) => {
        if (!isAborted(cause)) finish({ kind: 'failed', error: toError(cause) })
      },
    )
  }, [])

  useEffect(
    () => () => {
      running.current?.abort()
      running.current = undefined
    },
    [],
  )
  return { state, run, reset }
}

function toError(cause: unknown): BudClientError {
  if (cause instanceof BudClientError) return cause
  return new BudClientError({ code: 'REACT_RESPONSE_INVALID', message: cause instanceof Error ? cause.message : String(cause), cause })
}
