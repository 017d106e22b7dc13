'use client'
/** Pages behind the newest one, fetched one at a time when the reader asks. */
import type { RequestEvent } from '@bud-foundry/core'
import { useState } from 'react'
import type { RequestQuery } from '../client/wire.ts'
import { useBudClient } from './bud-context.ts'
import { useAction } from './use-action.ts'

export interface OlderRequests {
  readonly requests: readonly RequestEvent[]
  readonly canLoad: boolean
  readonly isLoading: boolean
  readonly load: () => void
}

interface Pages {
  readonly question: string
  readonly requests: readonly RequestEvent[]
  readonly nextCursor: string | undefined
}

/** `firstCursor`: where the newest page ends. Another query starts over. */
export function useOlderRequests(query: RequestQuery = {}, firstCursor: string | undefined): OlderRequests {
  const client = useBudClient()
  const question = JSON.stringify(query)
  const [stored, setPages] = useState<Pages | undefined>(undefined)
  const pages = stored?.question === question ? stored : undefined
  const cursor = pages === undefined ? firstCursor : pages.nextCursor
  const action = useAction(async (from: string, signal) => {
    const page = await client.requests({ ...query, cursor: from }, { signal })
    setPages({ question, requests: [...(pages?.requests ?? []), ...page.data], nextCursor: page.nextCursor })
  })
  return {
    requests: pages?.requests ?? [],
    canLoad: cursor !== undefined,
    isLoading: action.state.kind === 'busy',
    load: () => {
      if (cursor !== undefined) action.run(cursor)
    },
  }
}
