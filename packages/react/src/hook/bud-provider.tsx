'use client'
/** Gives the widgets below it their client, words and formats. Renders no element. */
import { useMemo, type ReactNode } from 'react'
import { createAskBatch } from '../client/ask-batch.ts'
import type { BudClient } from '../client/client.ts'
import { createLiveFeed } from '../client/live-feed.ts'
import { createResourceStore } from '../client/resource-store.ts'
import { createFormat } from '../format/format.ts'
import { resolveStrings, type BudStringsInput } from '../format/strings.ts'
import { BudContext, type BudConnection } from './bud-context.ts'

export interface BudProviderProps {
  /** From `createBudClient`, made once. Widgets that are given their data need none. */
  readonly client?: BudClient | undefined
  /** BCP 47; default `en`. */
  readonly locale?: string | undefined
  /** IANA name; default: the runtime's. Give one when the page is rendered on a server. */
  readonly timeZone?: string | undefined
  /** Words that replace the English defaults; keep the object stable between renders. */
  readonly strings?: BudStringsInput | undefined
  readonly children?: ReactNode
}

export function BudProvider({ client, locale, timeZone, strings, children }: BudProviderProps) {
  const connection = useMemo(() => (client === undefined ? undefined : connect(client)), [client])
  const format = useMemo(() => createFormat({ locale, timeZone }), [locale, timeZone])
  const words = useMemo(() => resolveStrings(strings), [strings])
  const value = useMemo(() => ({ connection, format, strings: words, given: strings ?? {} }), [connection, format, words, strings])
  return <BudContext.Provider value={value}>{children}</BudContext.Provider>
}

function connect(client: BudClient): BudConnection {
  return { client, resources: createResourceStore(client.clock), live: createLiveFeed(client), questions: createAskBatch(client) }
}
