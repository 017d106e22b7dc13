'use client'
/** What every widget reads from above it: client, shared resources, words and formats. */
import { createContext, useContext } from 'react'
import type { BudClient } from '../client/client.ts'
import type { LiveState } from '../client/live-feed.ts'
import type { Observable } from '../client/observable.ts'
import type { ResourceStore } from '../client/resource-store.ts'
import { BudClientError } from '../errors.ts'
import { createFormat, type Format } from '../format/format.ts'
import { defaultStrings, type BudStrings } from '../format/strings.ts'

export interface BudConnection {
  readonly client: BudClient
  readonly resources: ResourceStore
  readonly live: Observable<LiveState>
}

export interface BudContextValue {
  readonly connection: BudConnection | undefined
  readonly strings: BudStrings
  readonly format: Format
}

export const BudContext = createContext<BudContextValue>({
  connection: undefined,
  strings: defaultStrings,
  format: createFormat(),
})

/** Client and shared state. Throws REACT_CLIENT_MISSING outside a `BudProvider` that has a client. */
export function useBudConnection(): BudConnection {
  const { connection } = useContext(BudContext)
  if (connection === undefined) {
    throw new BudClientError({
      code: 'REACT_CLIENT_MISSING',
      message: 'This widget loads data, and no client is above it. Wrap it in <BudProvider client={createBudClient()}>.',
    })
  }
  return connection
}

export function useBudClient(): BudClient {
  return useBudConnection().client
}

export function useBudStrings(): BudStrings {
  return useContext(BudContext).strings
}

export function useBudFormat(): Format {
  return useContext(BudContext).format
}
