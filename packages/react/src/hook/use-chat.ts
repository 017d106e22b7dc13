'use client'
/** One conversation with a model, ended when its view goes away. */
import { useEffect, useMemo, useRef } from 'react'
import type { ChatSessionOptions } from '../client/chat-message.ts'
import { createChatSession, type ChatSession, type ChatState } from '../client/chat-session.ts'
import { useBudClient } from './bud-context.ts'
import { useObservable } from './use-observable.ts'

export interface UseChat extends ChatState {
  readonly session: ChatSession
}

/** Keeps the conversation for as long as the calling component is mounted; call it above a tab to keep it across tabs. Options hold from the next message on. */
export function useChat(options: ChatSessionOptions = {}): UseChat {
  const client = useBudClient()
  const latest = useRef(options)
  latest.current = options
  const session = useMemo(() => createChatSession(client, () => latest.current), [client])
  useEffect(
    () => () => {
      session.close()
    },
    [session],
  )
  const state = useObservable(session)
  return useMemo(() => ({ ...state, session }), [state, session])
}
