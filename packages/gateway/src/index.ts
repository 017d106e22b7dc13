/** The public list of the gateway. */

export { createGateway, type Gateway, type GatewayParts } from './create-gateway.ts'
export { gatewayConfigSchema, type GatewayConfig, type GatewayConfigInput } from './config.ts'
export { gatewayErrors } from './errors.ts'

// calls in process
export type { CallOptions, ChatRequest, EmbeddingRequest, GatewayCalls, WireObject } from './call/gateway-calls.ts'
export type { ChatAnswer, ChatChunk, EmbeddingAnswer } from './call/answer-schema.ts'

// virtual keys, their owners, and credentials
export { createKeyRing, type Authentication, type KeyRing, type KeyRingParts, type RevocationJournal } from './key/key-ring.ts'
export { keyRecordSchema, type KeyRecord } from './key/key-record.ts'
export type { OwnerBook } from './key/owner-book.ts'
export { ownerRecordSchema, type OwnerRecord } from './key/owner-record.ts'
export { createCredentialVault, type CredentialRecord, type CredentialVault, type CredentialVaultParts } from './key/credential-vault.ts'
export { createGovernanceAdmin, type GovernanceAdmin, type GovernanceAdminParts, type KeyFilter } from './key/governance-admin.ts'
export type { KeyChange, NewKey, RotateOptions, ShownKey } from './key/key-change.ts'
export type { NewOwner, OwnerChange } from './key/owner-change.ts'
export { limitRuleSchema, limitSchema, type Limit, type LimitRule, type LimitWindow } from './limit/limit-schema.ts'

// governance
export type {
  AttemptAccount,
  CallObserver,
  OutputFilter,
  RouteCandidate,
  Stage,
  StageAnswer,
  StageCall,
  StageRequest,
  StageResult,
  Verdict,
} from './governance/stage.ts'

export type { AnswerCache } from './cache/answer-cache.ts'
export type { CachePurge } from './cache/answer-store.ts'
export type { BlockingRules } from './blocking/blocking-rules.ts'
export type { BlockingRule, BlockingRuleInput } from './blocking/blocking-rule.ts'
export type { GeoLookup, GeoPlace } from './client-info/client-info.ts'

// hooks
export {
  defineHooks,
  type HookAttempt,
  type HookChunk,
  type HookError,
  type HookFunctions,
  type HookName,
  type Hooks,
  type HookWithLimits,
  type RequestDecision,
} from './hook/hooks.ts'

// events
export type { GatewayEvent, GatewayEventListener, RequestStartEvent } from './telemetry/live-events.ts'

// parts
export type { AttemptSpan, RequestSpan, RequestSpanStart, RequestTracer, SpanIdentity } from './telemetry/request-span.ts'
export { createFetchTransport, type FetchTransportOptions } from './transport/fetch-transport.ts'
export { createUndiciTransport, type UndiciTransportOptions } from './transport/undici-transport.ts'

// routing policies
export { createDefaultPolicies } from './policies/default-policies.ts'
export { createLeastInFlight } from './policies/least-in-flight.ts'
export { createLowestCost } from './policies/lowest-cost.ts'
export { createLowestLatency, createLowestTtft } from './policies/lowest-latency.ts'
export { createP2cPeakEwma } from './policies/p2c-peak-ewma.ts'
export { createPrefixAware, type PrefixAwareOptions } from './policies/prefix-aware.ts'
export { createPriority } from './policies/priority.ts'
export { createRoundRobin } from './policies/round-robin.ts'
export { createSessionAffinity } from './policies/session-affinity.ts'
export { createSloAware, type SloAwareOptions } from './policies/slo-aware.ts'
export { createWeighted } from './policies/weighted.ts'

// money
export { createPrices, type PriceRecord, type Prices, type PricesParts } from './money/prices.ts'
export { PriceBook, type FoundPrice, type PricedTarget } from './money/price-book.ts'
export { CompiledPrice, type PriceMoment, type PriceOrigin } from './money/compiled-price.ts'
export { builtInPrices } from './money/built-in-prices.ts'
export {
  modelPriceSchema,
  priceBookSchema,
  priceEntrySchema,
  type ModelPrice,
  type ModelPriceInput,
  type PriceBookDocument,
  type PriceEntry,
  type PriceSubject,
} from './money/price-schema.ts'
export { formatUsd, toNanos, toUsd } from './money/nano-usd.ts'
export { createBudgets, type Budgets, type BudgetsParts } from './money/budgets.ts'
export { budgetSchema, type Budget, type BudgetInput, type BudgetState, type BudgetSubject } from './money/budget.ts'
export {
  createSpendLedger,
  type SpendDimension,
  type SpendLedger,
  type SpendLedgerParts,
  type SpendLine,
  type SpendQuestion,
  type SpendReport,
} from './money/spend-ledger.ts'
export { fromUsageLimit, toUsageLimit, usageLimitSchema, usageLimitStatus, type CycleUsage, type UsageLimit } from './money/usage-limit.ts'
export { signWebhook, type WebhookFetcher } from './money/webhook.ts'
export { defaultOutputTokens, estimateNanos, type ExpectedCall } from './money/estimate.ts'
export type { Bill } from './money/charge.ts'
export type { TargetPrice } from './money/price-book.ts'
