/** The public list of the gateway. */

export { createGateway, type Gateway, type GatewayParts } from './create-gateway.ts'
export { gatewayConfigSchema, type GatewayConfig, type GatewayConfigInput } from './config.ts'
export { gatewayErrors } from './errors.ts'

// calls in process
export type { CallOptions, ChatRequest, EmbeddingRequest, GatewayCalls, WireObject } from './call/gateway-calls.ts'
export type { ChatAnswer, ChatChunk, EmbeddingAnswer } from './call/answer-schema.ts'

// virtual keys
export { createKeyRing, hashKey, type Authentication, type KeyRing, type KeyRingParts, type NewKey } from './key/key-ring.ts'
export { keyRecordSchema, type KeyRecord } from './key/key-record.ts'

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
