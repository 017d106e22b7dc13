/** Gives a cached answer the form that a caller asked for: as it was kept, or led through its dialect from whole to stream or back. */
import type {
  CanonicalDelta,
  CanonicalPart,
  CanonicalRequest,
  CanonicalResponse,
  Dialect,
  FinishReason,
  TokenUsage,
} from '@bud-foundry/core'
import { decodeAnthropicResponse } from '../dialect/anthropic-messages/decode-response.ts'
import { decodeCompletionResponse } from '../dialect/openai-completions/codec.ts'
import { decodeOpenaiResponse } from '../dialect/openai-chat/decode-response.ts'
import { parseFrame } from '../dialect/sse-frame.ts'
import type { StageAnswer, StageCall } from '../governance/stage.ts'
import type { CachedAnswer } from './cached-answer.ts'
import { eventsOf, piecesOf, streamHeaders } from './stream-pieces.ts'

const wholeDecoders: ReadonlyMap<string, (body: Uint8Array, request: CanonicalRequest) => CanonicalResponse> = new Map([
  ['openai-chat', (body: Uint8Array) => decodeOpenaiResponse(body)],
  ['openai-completions', (body: Uint8Array) => decodeCompletionResponse(body)],
  ['anthropic-messages', decodeAnthropicResponse],
])

/** The deltas of one part. */
function partDeltas(part: CanonicalPart, index: number): readonly CanonicalDelta[] | undefined {
  switch (part.kind) {
    case 'text':
      return [
        { kind: 'text', index, text: part.text },
        ...(part.citations ?? []).map((citation): CanonicalDelta => ({ kind: 'citation', index, citation })),
      ]
    case 'thinking':
      return [
        { kind: 'thinking', index, text: part.text },
        ...(part.signature === undefined ? [] : [{ kind: 'thinking-signature', index, signature: part.signature } as const]),
      ]
    case 'redacted-thinking':
      return [{ kind: 'redacted-thinking', index, data: part.data }]
    case 'tool-call':
      return [
        { kind: 'tool-call', index, id: part.id, name: part.name },
        { kind: 'tool-arguments', index, json: part.argumentsJson },
      ]
    case 'refusal':
      return [{ kind: 'refusal', index, text: part.text }]
    case 'other':
      return [{ kind: 'other', index, dialect: part.dialect, type: part.type, value: part.value }]
    case 'image':
    case 'file':
    case 'audio':
    case 'tool-result':
      // No stream has these.
      return undefined
  }
}

function deltasOfResponse(response: CanonicalResponse): readonly CanonicalDelta[] | undefined {
  const [choice, another] = response.choices
  if (choice === undefined || another !== undefined) return undefined
  const deltas: CanonicalDelta[] = [{ kind: 'start', id: response.id, model: response.model, usage: response.usage }]
  for (const [index, part] of choice.parts.entries()) {
    const own = partDeltas(part, index)
    if (own === undefined) return undefined
    deltas.push(...own)
  }
  deltas.push({ kind: 'finish', reason: choice.finish, stopSequence: choice.stopSequence })
  if (response.usage !== undefined) deltas.push({ kind: 'usage', usage: response.usage })
  return deltas
}

function deltasOfStream(dialect: Dialect, body: Uint8Array, request: CanonicalRequest): readonly CanonicalDelta[] | undefined {
  const decoder = dialect.streamDecoder?.(request)
  if (decoder === undefined) return undefined
  const deltas: CanonicalDelta[] = []
  for (const event of eventsOf(body)) {
    const frame = parseFrame(event)
    if (frame !== undefined) deltas.push(...decoder.push(frame))
  }
  return deltas
}

/** Puts the deltas of one answer together. */
function responseOfDeltas(
  deltas: readonly CanonicalDelta[],
  known: { readonly createdUnixSeconds: number; readonly usage: TokenUsage | undefined },
): CanonicalResponse {
  /** In the order of first sight: an index is whatever number an upstream sent. */
  const parts = new Map<number, CanonicalPart>()
  let id = ''
  let model = ''
  let usage = known.usage
  let finish: FinishReason = 'other'
  let stopSequence: string | undefined
  const grow = <Kind extends CanonicalPart['kind']>(
    index: number,
    kind: Kind,
    make: (part: Extract<CanonicalPart, { kind: Kind }> | undefined) => CanonicalPart,
  ): void => {
    const part = parts.get(index)
    // Its kind was just compared; TypeScript does not narrow by a type parameter.
    parts.set(index, make(part?.kind === kind ? (part as Extract<CanonicalPart, { kind: Kind }>) : undefined))
  }
  for (const delta of deltas) {
    switch (delta.kind) {
      case 'start':
        ;({ id, model } = delta)
        break
      case 'text':
        grow(delta.index, 'text', (part) => ({ ...part, kind: 'text', text: (part?.text ?? '') + delta.text }))
        break
      case 'citation':
        grow(delta.index, 'text', (part) => ({
          kind: 'text',
          text: part?.text ?? '',
          citations: [...(part?.citations ?? []), delta.citation],
        }))
        break
      case 'thinking':
        grow(delta.index, 'thinking', (part) => ({ ...part, kind: 'thinking', text: (part?.text ?? '') + delta.text }))
        break
      case 'thinking-signature':
        grow(delta.index, 'thinking', (part) => ({
          kind: 'thinking',
          text: part?.text ?? '',
          signature: (part?.signature ?? '') + delta.signature,
        }))
        break
      case 'redacted-thinking':
        parts.set(delta.index, { kind: 'redacted-thinking', data: delta.data })
        break
      case 'tool-call':
        parts.set(delta.index, { kind: 'tool-call', id: delta.id, name: delta.name, argumentsJson: '' })
        break
      case 'tool-arguments':
        grow(delta.index, 'tool-call', (part) => ({
          kind: 'tool-call',
          id: part?.id ?? '',
          name: part?.name ?? '',
          argumentsJson: (part?.argumentsJson ?? '') + delta.json,
        }))
        break
      case 'refusal':
        grow(delta.index, 'refusal', (part) => ({ kind: 'refusal', text: (part?.text ?? '') + delta.text }))
        break
      case 'other':
        parts.set(delta.index, { kind: 'other', dialect: delta.dialect, type: delta.type, value: delta.value })
        break
      case 'usage':
        usage = delta.usage
        break
      case 'finish':
        finish = delta.reason
        stopSequence = delta.stopSequence
        break
      case 'error':
        break
    }
  }
  return {
    id,
    model,
    createdUnixSeconds: known.createdUnixSeconds,
    choices: [{ parts: [...parts.values()], finish, stopSequence }],
    usage,
  }
}

function encodeStream(call: StageCall, deltas: readonly CanonicalDelta[], createdUnixSeconds: number): Uint8Array {
  const encoder = call.dialect.streamEncoder(call.canonical(), { includeUsage: call.head.includeUsage, createdUnixSeconds })
  const pieces = deltas.map((delta) => encoder.push(delta))
  return Buffer.concat([...pieces, encoder.end()].filter((piece) => piece !== undefined))
}

/** The bytes in the form that the call asks for; undefined where the dialect has no way from one form to the other. */
function bodyFor(call: StageCall, { head, body }: CachedAnswer): Uint8Array | undefined {
  const wantsStream = call.head.stream
  const isStream = head.kind === 'stream'
  if (isStream === wantsStream && (!isStream || head.includeUsage === call.head.includeUsage)) return body
  if (call.head.choices > 1) return undefined
  const request = call.canonical()
  const createdUnixSeconds = Math.floor(head.createdUnixMs / 1_000)
  if (!isStream) {
    const response = wholeDecoders.get(call.dialect.id)?.(body, request)
    const deltas = response === undefined ? undefined : deltasOfResponse(response)
    return deltas === undefined ? undefined : encodeStream(call, deltas, createdUnixSeconds)
  }
  const deltas = deltasOfStream(call.dialect, body, request)
  if (deltas === undefined) return undefined
  if (!wantsStream) return call.dialect.encodeResponse(responseOfDeltas(deltas, { createdUnixSeconds, usage: head.usage }), request)
  const told = deltas.some(({ kind }) => kind === 'usage')
  return encodeStream(
    call,
    told || head.usage === undefined ? deltas : [...deltas, { kind: 'usage', usage: head.usage }],
    createdUnixSeconds,
  )
}

/** Undefined when the answer cannot be given in this form: the call then goes to its model. */
export function replay(call: StageCall, answer: CachedAnswer): StageAnswer | undefined {
  const body = bodyFor(call, answer)
  if (body === undefined) return undefined
  const { usage, finishReason, costUsd: savedUsd } = answer.head
  const headers = call.head.stream ? streamHeaders : { 'content-type': 'application/json' }
  return { status: 200, headers, body: call.head.stream ? piecesOf(body) : body, usage, costUsd: 0, savedUsd, finishReason }
}
