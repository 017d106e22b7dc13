'use client'
/** What every widget reads from above it: client, shared resources, words and formats. */
import { createContext, useContext, useMemo } from 'react'
import type { AskBatch } from '../client/ask-batch.ts'
import type { BudClient } from '../client/client.ts'
import type { LiveState } from '../client/live-feed.ts'
import type { Observable } from '../client/observable.ts'
import type { ResourceStore } from '../client/resource-store.ts'
import { BudClientError } from '../errors.ts'
import { createFormat, type Format } from '../format/format.ts'
import type { WidgetWords } from '../format/widget-words.ts'
import { defaultStrings, type BudStrings, type BudStringsInput } from '../format/strings.ts'

export interface BudConnection {
  readonly client: BudClient
  readonly resources: ResourceStore
  readonly live: Observable<LiveState>
  readonly questions: AskBatch
}

export interface BudContextValue {
  readonly connection: BudConnection | undefined
  readonly strings: BudStrings
  /** As given to the provider; holds the words of widgets that bring their own defaults. */
  readonly given: BudStringsInput
  readonly format: Format
}

export const BudContext = createContext<BudContextValue>({
  connection: undefined,
  strings: defaultStrings,
  given: {},
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

/** Words that a widget brings itself, so that other widgets need not carry them; replaced like all others. Keep `defaults` outside of the component. */
export function useWords<Name extends keyof WidgetWords>(name: Name, defaults: WidgetWords[Name]): WidgetWords[Name] {
  const { given } = useContext(BudContext)
  return useMemo(() => ({ ...defaults, ...given[name] }), [defaults, given, name])
}

export function useBudFormat(): Format {
  return useContext(BudContext).format
}
