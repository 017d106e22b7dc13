'use client'
/** The browser's session with the server, opened on mount, renewed until unmount. */
import { useEffect, useMemo } from 'react'
import { createSessionKeeper, type SessionKeeper, type SessionState } from '../client/session-keeper.ts'
import { useBudClient } from '../hook/bud-context.ts'
import { useObservable } from '../hook/use-observable.ts'

export interface UseSession {
  readonly state: SessionState
  readonly signIn: SessionKeeper['signIn']
  readonly retry: SessionKeeper['retry']
}

export function useSession(): UseSession {
  const client = useBudClient()
  const keeper = useMemo(() => createSessionKeeper(client), [client])
  useEffect(() => keeper.start(), [keeper])
  const state = useObservable(keeper)
  return useMemo(() => ({ state, signIn: keeper.signIn, retry: keeper.retry }), [state, keeper])
}
