/** OpenAI's embeddings to the canonical form and back, vectors as numbers or as base64. */
import type { CanonicalOperation, CanonicalRequest, CanonicalResponse } from '@bud-foundry/core'
import { z } from 'zod'
import { dialectErrors } from '../dialect-errors.ts'
import { parseAnswer, parseBody } from '../json-bytes.ts'
import { extraOf } from '../openai-chat/decode-request.ts'
import { toTokenUsage } from '../openai-chat/usage.ts'
import { checked } from '../schema-check.ts'
import { asArray, asNumber, asObject, asString, encodeJson } from '../sse-frame.ts'

const dialect = 'openai-embeddings'

const tokens = z.array(z.number().int()).min(1)
const requestFields = {
  model: z.string().min(1),
  input: z.union([z.string(), tokens, z.array(z.union([z.string(), tokens])).min(1)]),
  dimensions: z.number().int().min(1).nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  user: z.string().nullish(),
}
const requestSchema = z.looseObject(requestFields)

/** Token ids of one input and lists of inputs look alike: numbers mean the former. */
function toInputs(input: z.output<typeof requestSchema>['input']): readonly (string | readonly number[])[] {
  if (typeof input === 'string') return [input]
  const ids = input.filter((each) => typeof each === 'number')
  return ids.length > 0 ? [ids] : input.filter((each) => typeof each !== 'number')
}

/** Throws GATEWAY_BODY_MALFORMED or GATEWAY_FIELD_INVALID. */
export function decodeEmbeddingRequest(bytes: Uint8Array, operation: CanonicalOperation): CanonicalRequest {
  const body = checked(requestSchema, parseBody(bytes))
  return {
    operation,
    dialect,
    model: body.model,
    stream: false,
    messages: [],
    embedding: {
      inputs: toInputs(body.input),
      dimensions: body.dimensions ?? undefined,
      encodingFormat: body.encoding_format ?? undefined,
    },
    tools: [],
    toolChoice: undefined,
    parallelToolCalls: undefined,
    responseFormat: undefined,
    sampling: {},
    reasoning: undefined,
    userId: body.user ?? undefined,
    extra: extraOf(body, requestFields),
  }
}

/** The request for an upstream that knows the same operation. */
export function encodeEmbeddingRequest(request: CanonicalRequest, model: string): Uint8Array {
  const { embedding } = request
  return encodeJson({
    model,
    input: embedding?.inputs.length === 1 ? embedding.inputs[0] : (embedding?.inputs ?? []),
    ...(embedding?.dimensions === undefined ? {} : { dimensions: embedding.dimensions }),
    ...(embedding?.encodingFormat === undefined ? {} : { encoding_format: embedding.encodingFormat }),
    ...(request.userId === undefined ? {} : { user: request.userId }),
    ...request.extra,
  })
}

/** Throws GATEWAY_ANSWER_MALFORMED. */
export function decodeEmbeddingResponse(bytes: Uint8Array): CanonicalResponse {
  const body = parseAnswer(bytes, dialect)
  const rows = asArray(body['data']).map(asObject)
  const sorted = [...rows].sort((left, right) => (asNumber(left?.['index']) ?? 0) - (asNumber(right?.['index']) ?? 0))
  return {
    id: asString(body['id']) ?? '',
    model: asString(body['model']) ?? '',
    createdUnixSeconds: asNumber(body['created']) ?? 0,
    choices: [],
    embeddings: sorted.map((row) => {
      const vector = row?.['embedding']
      if (typeof vector === 'string') return vector
      if (!Array.isArray(vector)) throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: 'a row has no embedding' })
      return vector.map((value) => asNumber(value) ?? Number.NaN)
    }),
    usage: toTokenUsage(asObject(body['usage']), { writes: false }),
  }
}

/** Numbers as little-endian float32 in base64, as OpenAI sends them. */
export function toBase64Vector(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}

/** The numbers of a base64 vector. */
export function fromBase64Vector(base64: string): number[] {
  const bytes = Buffer.from(base64, 'base64')
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4))
}

/** In the form that the caller asked for; numbers where it did not say. */
export function encodeEmbeddingResponse(response: CanonicalResponse, request: CanonicalRequest): Uint8Array {
  const base64 = request.embedding?.encodingFormat === 'base64'
  return encodeJson({
    object: 'list',
    data: (response.embeddings ?? []).map((vector, index) => ({
      object: 'embedding',
      index,
      embedding:
        base64 === (typeof vector === 'string') ? vector : typeof vector === 'string' ? fromBase64Vector(vector) : toBase64Vector(vector),
    })),
    model: response.model,
    usage: { prompt_tokens: response.usage?.inputTokens ?? 0, total_tokens: response.usage?.inputTokens ?? 0 },
  })
}
