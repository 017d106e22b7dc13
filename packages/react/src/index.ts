/** The public list of react: client, provider, headless hooks, formats and words. Each widget has its own subpath. */

// client
export { createBudClient, type BudClient, type BudClientOptions, type CallOptions } from './client/client.ts'
export { browserClock, type ClientClock } from './client/client-clock.ts'
export type { ChatDelta, ChatRequest, ChatRole, ChatTool, ChatToolCall, ChatTurn } from './client/chat-stream.ts'
export { createChatSession, type ChatSession, type ChatState } from './client/chat-session.ts'
export type { ChatImage, ChatMessage, ChatSessionOptions, ChatTiming } from './client/chat-message.ts'
export type { LiveHandlers, LiveStatus, LiveSubscription } from './client/live-stream.ts'
export type {
  Answer,
  AnswerMeasure,
  AnswerRow,
  Catalogue,
  DimensionName,
  Distribution,
  DistributionQuestion,
  MeasureDefinition,
  MeasureName,
  Question,
  TimeWindow,
} from './client/ask.ts'
export type { Operation } from './client/operation.ts'
export { createLiveFeed, type LiveState } from './client/live-feed.ts'
export { createSessionKeeper, type SessionKeeper, type SessionState } from './client/session-keeper.ts'
export type { Observable } from './client/observable.ts'
export type { Resource } from './client/resource-store.ts'
export type {
  ClusterPlan,
  ManifestFinding,
  ModelInfo,
  OptimizeInput,
  OptimizeResult,
  RejectedPlan,
  RequestPage,
  RequestQuery,
  RequestStart,
  Series,
  SeriesPoint,
  SeriesQuery,
  SeriesTotals,
  Session,
} from './client/wire.ts'
export { BudClientError, isAborted, isUnauthorized, type BudClientErrorCode, type BudClientErrorInit } from './errors.ts'

// words and formats
export { createFormat, type Format, type FormatOptions } from './format/format.ts'
export { defaultStrings, type BudStrings, type BudStringsInput } from './format/strings.ts'

// provider and hooks
export { BudProvider, type BudProviderProps } from './hook/bud-provider.tsx'
export { useBudClient, useBudFormat, useBudStrings } from './hook/bud-context.ts'
export { useAction, type Action, type ActionState } from './hook/use-action.ts'
export { useAsk, useDistribution, useMeasures, type UseAskOptions } from './hook/use-ask.ts'
export { useChat, type UseChat } from './hook/use-chat.ts'
export { useLive } from './hook/use-live.ts'
export { useModels } from './hook/use-models.ts'
export { useRequests, type LiveRequests } from './hook/use-requests.ts'
export { useResource, type LoadedResource, type UseResourceOptions } from './hook/use-resource.ts'
export { useSeries, type LiveSeries, type UseSeriesOptions } from './hook/use-series.ts'
export { BudRoot, type BudRootProps } from './root/bud-root.tsx'
