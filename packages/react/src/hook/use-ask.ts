'use client'
/** Questions to the metrics of the server, shared by key, asked together, and refreshed while anyone looks. */
import type { Answer, Catalogue, Distribution, DistributionQuestion, Question } from '../client/ask.ts'
import { useBudConnection } from './bud-context.ts'
import { useResource, type LoadedResource } from './use-resource.ts'

export interface UseAskOptions {
  /** Default 15 s; `null` asks once. */
  readonly refreshMs?: number | null | undefined
}

const defaultRefreshMs = 15_000

export function useAsk(question: Question, { refreshMs = defaultRefreshMs }: UseAskOptions = {}): LoadedResource<Answer> {
  const { questions } = useBudConnection()
  return useResource({
    key: `ask:${JSON.stringify(question)}`,
    load: (_, signal) => questions.ask(question, signal),
    refreshMs: refreshMs ?? undefined,
  })
}

export function useDistribution(
  question: DistributionQuestion,
  { refreshMs = defaultRefreshMs }: UseAskOptions = {},
): LoadedResource<Distribution> {
  return useResource({
    key: `distribution:${JSON.stringify(question)}`,
    load: (client, signal) => client.distribution(question, { signal }),
    refreshMs: refreshMs ?? undefined,
  })
}

/** The definitions of every measure; loaded once for the page. */
export function useMeasures(): LoadedResource<Catalogue> {
  return useResource({ key: 'measures', load: (client, signal) => client.measures({ signal }) })
}
