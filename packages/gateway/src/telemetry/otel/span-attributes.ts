/** Attributes of request and attempt spans, in the words of OpenTelemetry's GenAI, HTTP and server conventions. */
import type { Attributes } from '@opentelemetry/api'
import type { Attempt, RequestEvent, Target } from '@bud-foundry/core'
import { operationName, ownProviderName, providerName } from './provider-names.ts'

const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/** Where a target listens. */
export const serverAttributes = ({ baseUrl }: Target): Attributes => ({
  'server.address': baseUrl.hostname.replace(/^\[|\]$/g, ''),
  'server.port': baseUrl.port === '' ? (defaultPorts[baseUrl.protocol] ?? 0) : Number(baseUrl.port),
})

/** What spans and metrics of a request have in common: values from the configuration alone, so that their number is bounded. */
export function commonAttributes(event: RequestEvent, target: Target | undefined): Attributes {
  return {
    'gen_ai.operation.name': operationName(event.operation),
    'gen_ai.provider.name': event.providerId === undefined ? ownProviderName : providerName(event.providerId),
    // A model that is not configured is a string of the caller's choice: it would be a series of its own.
    ...(event.model === undefined ? {} : { 'gen_ai.request.model': event.requestedModel }),
    ...(target === undefined ? {} : { 'gen_ai.response.model': target.modelId, ...serverAttributes(target) }),
  }
}

/** Attributes of a finished request beside the common ones. */
export function requestAttributes(event: RequestEvent): Attributes {
  const { timeToFirstTokenMs, finishReason, errorCode } = event
  return {
    'gen_ai.request.stream': event.stream,
    'http.response.status_code': event.status,
    'bud.request.id': event.id,
    'bud.project.id': event.projectId,
    'bud.dialect': event.dialect,
    'bud.request.outcome': event.outcome,
    ...(event.targetId === undefined ? {} : { 'bud.target.id': event.targetId }),
    ...(event.requestedModel === '' ? {} : { 'gen_ai.request.model': event.requestedModel }),
    ...(finishReason === undefined ? {} : { 'gen_ai.response.finish_reasons': [finishReason] }),
    ...(timeToFirstTokenMs === undefined ? {} : { 'gen_ai.response.time_to_first_chunk': timeToFirstTokenMs / 1_000 }),
    ...(errorCode === undefined ? {} : { 'error.type': errorCode }),
    ...usageAttributes(event),
  }
}

function usageAttributes(event: RequestEvent): Attributes {
  if (event.usageSource === 'none') return {}
  return {
    'gen_ai.usage.input_tokens': event.inputTokens,
    'gen_ai.usage.output_tokens': event.outputTokens,
    'gen_ai.usage.cache_read.input_tokens': event.cachedInputTokens,
    'gen_ai.usage.cache_creation.input_tokens': event.cacheWriteInputTokens,
    ...(event.reasoningTokens === 0 ? {} : { 'gen_ai.usage.reasoning.output_tokens': event.reasoningTokens }),
  }
}

/** Known when an attempt starts, for samplers. */
export const attemptStartAttributes = (operation: RequestEvent['operation'], target: Target): Attributes => ({
  'gen_ai.operation.name': operationName(operation),
  'gen_ai.provider.name': providerName(target.providerId),
  'gen_ai.request.model': target.modelId,
  'bud.target.id': target.id,
  ...serverAttributes(target),
})

/** Known when it has ended. Usage stands on the request's span alone, so that sums over spans count it once. */
export const attemptEndAttributes = (record: Attempt): Attributes => ({
  'bud.attempt.outcome': record.outcome,
  ...(record.status === undefined ? {} : { 'http.response.status_code': record.status }),
  ...(record.errorCode === undefined ? {} : { 'error.type': record.errorCode }),
  ...(record.timeToFirstTokenMs === undefined ? {} : { 'gen_ai.response.time_to_first_chunk': record.timeToFirstTokenMs / 1_000 }),
})
