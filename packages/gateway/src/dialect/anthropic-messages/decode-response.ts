/** Anthropic answer -> canonical answer. */
import type { CanonicalPart, CanonicalRequest, CanonicalResponse, FinishReason } from '@bud-foundry/core'
import { dialectErrors } from '../dialect-errors.ts'
import { parseAnswer } from '../json-bytes.ts'
import { asArray, asNumber, asObject, asString } from '../sse-frame.ts'
import { decodeBlock } from './decode-request.ts'
import { decodeStopReason } from './finish.ts'
import { structuredToolName } from './structured-tool.ts'
import { toTokenUsage } from './usage.ts'

const dialect = 'anthropic-messages'

function decodeContent(content: unknown): CanonicalPart[] {
  return asArray(content).map((raw, index) => {
    const block = asObject(raw)
    const type = asString(block?.['type'])
    if (block === undefined || type === undefined)
      throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: `content ${String(index)} has no type` })
    try {
      return decodeBlock({ ...block, type }, `content.${String(index)}`)
    } catch (cause) {
      throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: `content ${String(index)} of type '${type}' lacks a member` }, { cause })
    }
  })
}

/** The explanation of a refusal, where the upstream gives one. */
export function refusalText(stopDetails: unknown): string | undefined {
  const text = asString(asObject(stopDetails)?.['explanation'])
  return text === '' ? undefined : text
}

/** A forced call of the stand-in tool is the answer itself. */
export const isStructured = (request: CanonicalRequest): boolean => request.responseFormat?.kind === 'json-schema'

function unwrapStructured(parts: readonly CanonicalPart[], finish: FinishReason) {
  const isStandIn = (part: CanonicalPart) => part.kind === 'tool-call' && part.name === structuredToolName
  if (!parts.some(isStandIn)) return { parts, finish }
  const unwrapped = parts.map((part) =>
    part.kind === 'tool-call' && isStandIn(part) ? { kind: 'text' as const, text: part.argumentsJson } : part,
  )
  return { parts: unwrapped, finish: finish === 'tool-calls' ? ('stop' as const) : finish }
}

/** Throws GATEWAY_ANSWER_MALFORMED. */
export function decodeAnthropicResponse(bytes: Uint8Array, request: CanonicalRequest): CanonicalResponse {
  const body = parseAnswer(bytes, dialect)
  if (request.operation === 'count-tokens') return decodeCount(body, request)
  if (!Array.isArray(body['content'])) throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: 'it has no content' })
  const parts = decodeContent(body['content'])
  const refusal = refusalText(body['stop_details'])
  if (refusal !== undefined) parts.push({ kind: 'refusal', text: refusal })
  const finish = decodeStopReason(asString(body['stop_reason']) ?? 'end_turn')
  const stopSequence = asString(body['stop_sequence'])
  const usage = asObject(body['usage'])
  const serviceTier = asString(usage?.['service_tier'])
  return {
    id: asString(body['id']) ?? 'msg_unknown',
    model: asString(body['model']) ?? '',
    createdUnixSeconds: 0,
    choices: [
      {
        ...(isStructured(request) ? unwrapStructured(parts, finish) : { parts, finish }),
        ...(stopSequence === undefined ? {} : { stopSequence }),
      },
    ],
    usage: toTokenUsage(usage),
    ...(serviceTier === undefined ? {} : { serviceTier }),
  }
}

function decodeCount(body: Readonly<Record<string, unknown>>, request: CanonicalRequest): CanonicalResponse {
  const inputTokens = asNumber(body['input_tokens'])
  if (inputTokens === undefined) throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: "it has no 'input_tokens'" })
  const usage = { inputTokens, cachedInputTokens: 0, cacheWriteInputTokens: 0, outputTokens: 0, reasoningTokens: 0 }
  return { id: '', model: request.model, createdUnixSeconds: 0, choices: [], usage }
}
