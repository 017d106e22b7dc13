/** The public list of core: vocabulary, contracts, primitives. No I/O, no Node built-ins. */

// contracts
export type {
  CacheControl,
  CanonicalCitation,
  CanonicalDelta,
  CanonicalMessage,
  CanonicalOperation,
  CanonicalPart,
  CanonicalRequest,
  CanonicalResponse,
  CanonicalSource,
  CanonicalTool,
  FinishReason,
  TokenUsage,
} from './contracts/canonical.ts'
export type {
  Change,
  ChangeProgress,
  ChangeSet,
  CloudProvider,
  ClusterSpec,
  ClusterState,
  Finding,
  Offering,
} from './contracts/cloud-provider.ts'
export type { Dialect, FrameKind, RequestHead, StreamDecoder, StreamEncoder } from './contracts/dialect.ts'
export type { Engine, MemoryBreakdown } from './contracts/engine.ts'
export type { HardwareProfile, Precision } from './contracts/hardware-profile.ts'
export type { Prediction, PredictionInput, Predictor } from './contracts/predictor.ts'
export type { DroppedField, Prefill, Provider, Target } from './contracts/provider.ts'
export type { Candidate, RoutingContext, RoutingOutcome, RoutingPolicy } from './contracts/routing-policy.ts'
export type { SecretStore } from './contracts/secret-store.ts'
export type { Sink, SinkReceipt } from './contracts/sink.ts'
export type { Step, StepRunner } from './contracts/step-runner.ts'
export type {
  Claim,
  ClaimUsage,
  Reservation,
  SettledAmount,
  SettledWindow,
  Store,
  StoreChange,
  SynchronousReservations,
} from './contracts/store.ts'
export type { Transport, TransportCall, TransportHandlers, TransportTimeouts, UpstreamRequest } from './contracts/transport.ts'

// vocabulary
export {
  deploymentPlanSchema,
  intervalSchema,
  parallelismSchema,
  type DeploymentPlan,
  type Interval,
  type Parallelism,
} from './model/deployment-plan.ts'
export { deviceSchema, type Device, type DeviceInput } from './model/device.ts'
export { launchSpecSchema, type LaunchSpec } from './model/launch-spec.ts'
export { modelErrors } from './model/model-errors.ts'
export { feedForwardParameters, parseModelConfig } from './model/model-parse.ts'
export {
  modelSpecSchema,
  precisionSchema,
  type AttentionSpec,
  type FeedForwardSpec,
  type LayerGroup,
  type ModelSpec,
  type WeightQuantization,
} from './model/model-spec.ts'
export { machinePriceSchema, tokenPriceSchema, type MachinePrice, type TokenPrice } from './model/price.ts'
export { latencyObjectiveSchema, workloadSchema, type LatencyObjective, type Workload } from './model/workload.ts'

// events
export { deploymentEventSchema, type DeploymentEvent } from './event/deployment-event.ts'
export { deviceEventSchema, type DeviceEvent } from './event/device-event.ts'
export type { BudEvent } from './event/event.ts'
export { payloadEventSchema, type PayloadEvent } from './event/payload-event.ts'
export {
  attemptSchema,
  requestEventSchema,
  requestOutcomeSchema,
  type Attempt,
  type RequestEvent,
  type RequestOutcome,
} from './event/request-event.ts'
export { auditEventSchema, type AuditEvent } from './event/audit-event.ts'
export { budgetAlertEventSchema, type BudgetAlertEvent } from './event/budget-alert-event.ts'

// errors
export { BudError, isBudError, type BudErrorInit, type ErrorSpec, type FailureScope } from './error/bud-error.ts'
export { coreErrors, type ConfigIssue } from './error/core-errors.ts'
export { defineErrors, type ErrorFactory, type ThrowOptions } from './error/define-errors.ts'
export { describeErrors, type ErrorCatalogue, type ErrorDescription } from './error/describe-errors.ts'
export { invariant, unreachable } from './error/invariant.ts'

// config and secrets
export { resolveConfig, toConfigIssues } from './config/resolve-config.ts'
export { createSecret, isSecret, secretSchema, type Secret } from './config/secret.ts'

// time, randomness, ids
export { systemClock, type Clock } from './time/clock.ts'
export { createSeededRandom, systemRandom, type Random } from './random/random.ts'
export { createId } from './id/id.ts'

// server-sent events
export { createSseDecoder, decodeSseFrame, type SseDecoder, type SseEvent, type SseFrameFields } from './http/sse-decoder.ts'
export { encodeSseEvent, type SseMessage } from './http/sse-encoder.ts'
export { createSseFramer, type SseFramer } from './http/sse-framer.ts'

// bounds
export { assertCoreLimits, coreLimits } from './limits.ts'

// store
export { createMemoryStore } from './store/memory-store.ts'
export { storeErrors } from './store/store-errors.ts'
export { storeLimits } from './store/store-limits.ts'

// concurrency
export { createBatcher, type Batcher, type BatcherOptions } from './concurrency/batcher.ts'
export { createBoundedQueue, type BoundedQueue, type BoundedQueueOptions, type OverflowRule } from './concurrency/bounded-queue.ts'
export { retry, retryDelayMs, type RetryOptions, type RetryPolicy } from './concurrency/retry.ts'
export { createSemaphore, type Semaphore, type SemaphoreOptions } from './concurrency/semaphore.ts'
export { createDeadline, type Deadline, type DeadlineOptions } from './time/deadline.ts'

// tracing
export { createTraceContext, encodeTraceparent, parseTraceparent, type TraceContext } from './trace/trace-context.ts'

// logging
export { createScrubber, type Redaction, type Scrubber } from './log/scrub.ts'
export { silentLogger, type LogFields, type Logger } from './log/logger-port.ts'

// steps
export { createJournalRunner, type JournalRunner, type JournalRunnerOptions } from './step/journal-runner.ts'
export { stepErrors } from './step/step-errors.ts'

// sinks
export { sinkErrors } from './sink/sink-errors.ts'
export { sinkLimits } from './sink/sink-limits.ts'

// secret stores
export { createStaticSecretStore } from './secret-store/static-secret-store.ts'
export { secretStoreErrors } from './secret-store/secret-store-errors.ts'
