/** Anthropic's API. */
import type { Provider } from '@bud-foundry/core'
import { decodeAnthropicResponse } from '../../dialect/anthropic-messages/decode-response.ts'
import { encodeAnthropicRequest } from '../../dialect/anthropic-messages/encode-request.ts'
import { AnthropicStreamDecoder } from '../../dialect/anthropic-messages/stream-decoder.ts'
import { withoutUnsignedThinking } from '../../dialect/anthropic-messages/unsigned-thinking.ts'
import { DropPolicy } from '../../dialect/drop-policy.ts'
import type { RepairsBodies } from '../body-repair.ts'
import { decodeFailureOf } from '../decode-failure.ts'
import { unsupportedPolicy } from '../unsupported-option.ts'
import { anthropicEndpoint } from './endpoint.ts'
import { anthropicModel } from './models.ts'

/**
 * Options of a target: `apiVersion`, `beta`, `auth` (`api-key`, `bearer`), `unsupported` (`error`, `drop`, `harmless`), and `unsignedThinking: 'pass'`
 * for an engine behind this dialect that takes its own thinking back without signatures.
 */
export const anthropic: Provider & RepairsBodies = {
  contract: 'provider/1',
  id: 'anthropic',
  dialect: 'anthropic-messages',
  passThrough: new Set(['anthropic-messages']),
  defaultBaseUrl: 'https://api.anthropic.com',
  framing: 'sse',
  operations: new Set(['chat', 'count-tokens']),
  endpoint: anthropicEndpoint,
  encodeRequest: (request, target, onDrop) =>
    encodeAnthropicRequest(request, {
      upstream: target.id,
      model: target.modelId,
      traits: anthropicModel(target.modelId),
      unsupported: unsupportedPolicy(target),
      onDrop,
    }),
  decodeResponse: decodeAnthropicResponse,
  streamDecoder: (request) => new AnthropicStreamDecoder(request),
  repairBody: (body, target, onDrop) =>
    target.options['unsignedThinking'] === 'pass'
      ? body
      : withoutUnsignedThinking(body, new DropPolicy({ upstream: target.id, policy: unsupportedPolicy(target), onDrop })),
  defaultMaxOutputTokens: (target) => anthropicModel(target.modelId).maxOutputTokens,
  prefill: (target) => (anthropicModel(target.modelId).prefill ? {} : undefined),
  decodeFailure: decodeFailureOf('anthropic'),
}
