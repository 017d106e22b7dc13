/** The framework-free client alone: no React, no browser global at import. */
export { createBudClient, type BudClient, type BudClientOptions, type CallOptions } from '../client/client.ts'
export { browserClock, type ClientClock } from '../client/client-clock.ts'
export type { ChatDelta, ChatRequest, ChatRole } from '../client/chat-stream.ts'
export {
  createChatSession,
  type ChatMessage,
  type ChatSession,
  type ChatSessionOptions,
  type ChatState,
  type ChatTiming,
} from '../client/chat-session.ts'
export type { LiveHandlers, LiveStatus, LiveSubscription } from '../client/live-stream.ts'
export type { Answer, AnswerRow, Catalogue, Distribution, DistributionQuestion, Question, TimeWindow } from '../client/ask.ts'
export type { Operation } from '../client/operation.ts'
export { createLiveFeed, type LiveState } from '../client/live-feed.ts'
export { createSessionKeeper, type SessionKeeper, type SessionState } from '../client/session-keeper.ts'
export { BudClientError, isAborted, isUnauthorized, type BudClientErrorCode, type BudClientErrorInit } from '../errors.ts'
