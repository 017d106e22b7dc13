/** The framework-free client of a Bud Foundry server: plain calls, a streamed chat and the live feed. */
import type { DeploymentPlan } from '@bud-foundry/core'
import { limits } from '../limits.ts'
import { streamChat, type ChatDelta, type ChatRequest } from './chat-stream.ts'
import { browserClock, type ClientClock } from './client-clock.ts'
import {
  readAnswer,
  readAnswers,
  readCatalogue,
  readDistribution,
  type Answer,
  type Catalogue,
  type Distribution,
  type DistributionQuestion,
  type Question,
} from './ask.ts'
import { metricsOperations } from './generated/metrics-operations.ts'
import { createHttp } from './http.ts'
import { toCall, type Operation } from './operation.ts'
import { openLiveStream, type LiveHandlers, type LiveSubscription } from './live-stream.ts'
import {
  toClusterPlan,
  toModels,
  toOptimizeResult,
  toRequestPage,
  toSeries,
  toSession,
  type ClusterPlan,
  type ModelInfo,
  type OptimizeInput,
  type OptimizeResult,
  type RequestPage,
  type RequestQuery,
  type Series,
  type SeriesQuery,
  type Session,
} from './wire.ts'

export interface BudClientOptions {
  /** Where the server is; empty for the page's own origin. Paths such as `/api/session` are appended. */
  readonly baseUrl?: string
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch
  /** Added to every request; a function is asked each time, e.g. for a token that changes. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>)
  readonly clock?: ClientClock
  /** From 0 up to 1; spreads reconnections. */
  readonly random?: () => number
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** Every call rejects with a BudClientError. */
export interface BudClient {
  readonly clock: ClientClock
  /** Opens or renews the browser's session; with a key, signs in. */
  session(options?: CallOptions & { readonly apiKey?: string | undefined }): Promise<Session>
  models(options?: CallOptions): Promise<readonly ModelInfo[]>
  /** Streams one answer; aborting the signal ends it. */
  chat(request: ChatRequest, options?: CallOptions): AsyncGenerator<ChatDelta, void, void>
  requests(query?: RequestQuery, options?: CallOptions): Promise<RequestPage>
  series(query: SeriesQuery, options?: CallOptions): Promise<Series>
  /** Answers a question about requests: measures over a window, over time, by dimension. */
  ask(question: Question, options?: CallOptions): Promise<Answer>
  /** Answers several questions, in their order, in one pass of the server where it can; 1 to 50. When one is wrong, all are refused. */
  askMany(questions: readonly Question[], options?: CallOptions): Promise<readonly Answer[]>
  /** How values spread over bins; with an interval, a heatmap. */
  distribution(question: DistributionQuestion, options?: CallOptions): Promise<Distribution>
  /** What can be asked, with the definition of every measure. */
  measures(options?: CallOptions): Promise<Catalogue>
  /** Any other operation of the server; the answer is unchecked JSON. */
  call(operation: Operation, options?: CallOptions): Promise<unknown>
  /** Follows requests as they start and finish, until closed. */
  live(handlers: LiveHandlers): LiveSubscription
  optimize(input: OptimizeInput, options?: CallOptions): Promise<OptimizeResult>
  planDeployment(
    input: { readonly plan: DeploymentPlan; readonly namespace?: string | undefined },
    options?: CallOptions,
  ): Promise<ClusterPlan>
  /** Calls the listener whenever the server answers 401; returns a function that removes it. */
  onUnauthorized(listener: () => void): () => void
}

export function createBudClient(options: BudClientOptions = {}): BudClient {
  // eslint-disable-next-line no-restricted-properties -- the default of a port that callers may replace
  const { baseUrl = '', clock = browserClock, random = Math.random, headers = {} } = options
  const unauthorizedListeners = new Set<() => void>()
  const http = createHttp({
    baseUrl,
    clock,
    random,
    // Looked up at each call, so that a page may replace it; called bare, as browsers demand.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    headers: typeof headers === 'function' ? headers : () => headers,
    onUnauthorized: () => {
      for (const listener of unauthorizedListeners) listener()
    },
  })
  const call = (operation: Operation, { signal }: CallOptions = {}) => http.json({ ...toCall(operation), signal })
  const question = (operation: Operation, { signal }: CallOptions = {}) => http.json({ ...toCall(operation), signal, isRead: true })
  return {
    clock,
    session: async ({ apiKey, signal } = {}) =>
      toSession(await http.json({ method: 'POST', path: '/api/session', body: apiKey === undefined ? {} : { apiKey }, signal })),
    models: async ({ signal } = {}) => toModels(await http.json({ path: '/v1/models', signal })),
    chat: (request, { signal } = {}) => streamChat(http, request, signal),
    requests: async (query = {}, { signal } = {}) =>
      toRequestPage(await http.json({ path: '/api/metrics/requests', query: toRequestParameters(query), signal })),
    series: async (query, { signal } = {}) => toSeries(await http.json({ path: '/api/metrics/series', query: { ...query }, signal })),
    askMany: async (questions, options) =>
      readAnswers(await question({ address: metricsOperations.askMany, body: { questions } }, options)),
    ask: async (body, options) => readAnswer(await question({ address: metricsOperations.ask, body }, options)),
    distribution: async (body, options) => readDistribution(await question({ address: metricsOperations.distribution, body }, options)),
    measures: async (options) => readCatalogue(await call({ address: metricsOperations.measures }, options)),
    call,
    live: (handlers) => openLiveStream({ http, clock, random, handlers }),
    optimize: async (input, { signal } = {}) =>
      toOptimizeResult(
        await http.json({ method: 'POST', path: '/api/sim/optimize', body: input, signal, timeoutMs: limits.searchTimeoutMs }),
      ),
    planDeployment: async (input, { signal } = {}) =>
      toClusterPlan(await http.json({ method: 'POST', path: '/api/clusters/plan', body: input, signal })),
    onUnauthorized(listener) {
      unauthorizedListeners.add(listener)
      return () => {
        unauthorizedListeners.delete(listener)
      }
    },
  }
}

function toRequestParameters({ fromUnixMs, toUnixMs, ...rest }: RequestQuery): Record<string, string | number | undefined> {
  return { ...rest, from: fromUnixMs, to: toUnixMs }
}
