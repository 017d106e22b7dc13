/** What every upstream of OpenAI's family has in common: codecs per operation, estimated token counts, failures. */
import type { CanonicalRequest, CanonicalResponse, Prefill, Provider, Target } from '@bud-foundry/core'
import { encodeOpenaiRequest } from '../dialect/openai-chat/encode-request.ts'
import { decodeOpenaiResponse } from '../dialect/openai-chat/decode-response.ts'
import type { OpenaiQuirks } from '../dialect/openai-chat/quirks.ts'
import { OpenaiStreamDecoder } from '../dialect/openai-chat/stream-decoder.ts'
import { decodeCompletionResponse, encodeCompletionRequest } from '../dialect/openai-completions/codec.ts'
import { decodeEmbeddingResponse, encodeEmbeddingRequest } from '../dialect/openai-embeddings/codec.ts'
import { estimateInputTokens } from '../dialect/token-estimate.ts'
import { decodeFailureOf } from './decode-failure.ts'
import { unsupportedPolicy } from './unsupported-option.ts'

/** How one member of the family differs. */
export interface OpenaiFamilyMember {
  readonly id: string
  readonly endpoint: Provider['endpoint']
  quirks(target: Target): OpenaiQuirks
  readonly defaultBaseUrl?: string
  prefill?(target: Target): Prefill | undefined
}

/** Anthropic's callers may count tokens before a call; nobody in this family can, so it is estimated and says so. */
function estimateCount(request: CanonicalRequest): CanonicalResponse | undefined {
  if (request.operation !== 'count-tokens') return undefined
  const inputTokens = estimateInputTokens(request)
  const usage = { inputTokens, cachedInputTokens: 0, cacheWriteInputTokens: 0, outputTokens: 0, reasoningTokens: 0 }
  return { id: '', model: request.model, createdUnixSeconds: 0, choices: [], usage, usageEstimated: true }
}

function decodeResponse(body: Uint8Array, request: CanonicalRequest): CanonicalResponse {
  if (request.operation === 'embedding') return decodeEmbeddingResponse(body)
  return request.operation === 'completion' ? decodeCompletionResponse(body) : decodeOpenaiResponse(body)
}

/** A provider of OpenAI's family. */
export function defineOpenaiFamily(member: OpenaiFamilyMember): Provider {
  return {
    contract: 'provider/1',
    id: member.id,
    dialect: 'openai-chat',
    passThrough: new Set(['openai-chat', 'openai-completions', 'openai-embeddings']),
    ...(member.defaultBaseUrl === undefined ? {} : { defaultBaseUrl: member.defaultBaseUrl }),
    framing: 'sse',
    operations: new Set(['chat', 'completion', 'embedding', 'count-tokens']),
    acceptsStreamOptions: (target) => member.quirks(target).streamOptions,
    ...(member.prefill === undefined ? {} : { prefill: member.prefill }),
    endpoint: member.endpoint,
    encodeRequest(request, target, onDrop) {
      if (request.operation === 'embedding') return encodeEmbeddingRequest(request, target.modelId)
      if (request.operation === 'completion') return encodeCompletionRequest(request, target.modelId)
      return encodeOpenaiRequest(request, {
        upstream: target.id,
        model: target.modelId,
        quirks: member.quirks(target),
        unsupported: unsupportedPolicy(target),
        onDrop,
      })
    },
    decodeResponse,
    streamDecoder: () => new OpenaiStreamDecoder(),
    answerLocally: estimateCount,
    decodeFailure: decodeFailureOf(member.id),
  }
}
