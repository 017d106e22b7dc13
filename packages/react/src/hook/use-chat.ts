'use client'
/** One conversation with a model, ended when its view goes away. */
import { useEffect, useMemo } from 'react'
import { createChatSession, type ChatSession, type ChatSessionOptions, type ChatState } from '../client/chat-session.ts'
import { useBudClient } from './bud-context.ts'
import { useObservable } from './use-observable.ts'

export interface UseChat extends ChatState {
  readonly session: ChatSession
}

/** Keeps the conversation for as long as the calling component is mounted; call it above a tab to keep it across tabs. */
export function useChat({ systemPrompt, temperature, maxTokens }: ChatSessionOptions = {}): UseChat {
  const client = useBudClient()
  const session = useMemo(
    () => createChatSession(client, { systemPrompt, temperature, maxTokens }),
    [client, systemPrompt, temperature, maxTokens],
  )
  useEffect(
    () => () => {
      session.close()
    },
    [session],
  )
  const state = useObservable(session)
  return useMemo(() => ({ ...state, session }), [state, session])
}
