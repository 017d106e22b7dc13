/** The client's questions as keys and fetchers of SWR: `useSWR(...budSwr(client).ask({ … }))`. Needs no import of it. */
import type { Answer, Distribution, DistributionQuestion, Question } from '../client/ask.ts'
import { createAdminClient, type AdminAnswer, type AdminInput, type AdminOperationName } from '../client/admin-client.ts'
import type { BudClient } from '../client/client.ts'
import type { ModelInfo, RequestPage, RequestQuery, Series, SeriesQuery } from '../client/wire.ts'

export type BudSwr<T> = readonly [key: readonly ['bud', string, unknown], fetcher: () => Promise<T>]

/** Key of a page, for `useSWRInfinite`; null behind the last one. */
export type BudSwrPages<T> = readonly [
  key: (index: number, previous: T | null) => readonly ['bud', string, unknown] | null,
  fetcher: (key: readonly ['bud', string, unknown]) => Promise<T>,
]

export interface BudSwrKeys {
  readonly ask: (question: Question) => BudSwr<Answer>
  readonly distribution: (question: DistributionQuestion) => BudSwr<Distribution>
  readonly models: () => BudSwr<readonly ModelInfo[]>
  readonly series: (query: SeriesQuery) => BudSwr<Series>
  readonly requests: (query?: RequestQuery) => BudSwrPages<RequestPage>
  readonly admin: <Name extends AdminOperationName>(name: Name, input: AdminInput<Name>) => BudSwr<AdminAnswer<Name>>
}

export function budSwr(client: BudClient): BudSwrKeys {
  return {
    ask: (question) => [['bud', 'ask', question], () => client.ask(question)],
    distribution: (question) => [['bud', 'distribution', question], () => client.distribution(question)],
    models: () => [['bud', 'models', undefined], () => client.models()],
    series: (query) => [['bud', 'series', query], () => client.series(query)],
    requests: (query = {}) => [
      (_, previous) => {
        if (previous !== null && previous.nextCursor === undefined) return null
        return ['bud', 'requests', { ...query, cursor: previous?.nextCursor }]
      },
      // Safe: the key is one that the function above made.
      ([, , page]) => client.requests(page as RequestQuery),
    ],
    admin: (name, input) => [['bud', `admin:${name}`, input], () => createAdminClient(client).call(name, input)],
  }
}
