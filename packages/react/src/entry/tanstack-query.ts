/** The client's questions as options of TanStack Query: `useQuery(budQueries(client).ask({ … }))`. Needs no import of it. */
import type { Answer, Distribution, DistributionQuestion, Question } from '../client/ask.ts'
import { createAdminClient, type AdminAnswer, type AdminInput, type AdminOperationName } from '../client/admin-client.ts'
import type { BudClient } from '../client/client.ts'
import type { ModelInfo, RequestPage, RequestQuery, Series, SeriesQuery } from '../client/wire.ts'

export interface BudQuery<T> {
  readonly queryKey: readonly ['bud', string, unknown]
  readonly queryFn: (context: { readonly signal: AbortSignal }) => Promise<T>
}

/** Pages of requests, for `useInfiniteQuery`. */
export interface BudPages<T> {
  readonly queryKey: readonly ['bud', string, unknown]
  readonly queryFn: (context: { readonly signal: AbortSignal; readonly pageParam: string | undefined }) => Promise<T>
  readonly initialPageParam: undefined
  readonly getNextPageParam: (last: T) => string | undefined
}

export interface BudQueries {
  readonly ask: (question: Question) => BudQuery<Answer>
  readonly distribution: (question: DistributionQuestion) => BudQuery<Distribution>
  readonly models: () => BudQuery<readonly ModelInfo[]>
  readonly series: (query: SeriesQuery) => BudQuery<Series>
  readonly requests: (query?: RequestQuery) => BudPages<RequestPage>
  readonly admin: <Name extends AdminOperationName>(name: Name, input: AdminInput<Name>) => BudQuery<AdminAnswer<Name>>
}

export function budQueries(client: BudClient): BudQueries {
  const query = <T>(name: string, input: unknown, load: (signal: AbortSignal) => Promise<T>): BudQuery<T> => ({
    queryKey: ['bud', name, input],
    queryFn: ({ signal }) => load(signal),
  })
  return {
    ask: (question) => query('ask', question, (signal) => client.ask(question, { signal })),
    distribution: (question) => query('distribution', question, (signal) => client.distribution(question, { signal })),
    models: () => query('models', undefined, (signal) => client.models({ signal })),
    series: (input) => query('series', input, (signal) => client.series(input, { signal })),
    requests: (input = {}) => ({
      queryKey: ['bud', 'requests', input],
      queryFn: ({ signal, pageParam }) => client.requests({ ...input, cursor: pageParam }, { signal }),
      initialPageParam: undefined,
      getNextPageParam: ({ nextCursor }) => nextCursor,
    }),
    admin: (name, input) => query(`admin:${name}`, input, (signal) => createAdminClient(client).call(name, input, { signal })),
  }
}
