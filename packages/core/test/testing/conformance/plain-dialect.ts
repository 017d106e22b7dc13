/** The smallest dialect that translates: JSON messages with plain text, and a stream of one field a frame. */
import { z } from 'zod'
import {
  decodeSseFrame,
  defineErrors,
  encodeSseEvent,
  toConfigIssues,
  type CanonicalDelta,
  type CanonicalPart,
  type CanonicalRequest,
  type Dialect,
  type FinishReason,
  type FrameKind,
  type RequestHead,
  type StreamDecoder,
  type TokenUsage,
} from '@bud-foundry/core'
import { topLevelMembers } from './plain-json.ts'

export const plainErrors = defineErrors('PLAIN', {
  BODY_INVALID: { status: 400, retryable: false, message: ({ reason }: { readonly reason: string }) => `the body is invalid: ${reason}` },
  UNSUPPORTED: { status: 400, retryable: false, message: ({ what }: { readonly what: string }) => `the plain dialect has no ${what}` },
  ANSWER_INVALID: {
    status: 502,
    retryable: true,
    scope: 'target',
    message: ({ reason }: { readonly reason: string }) => `the answer is invalid: ${reason}`,
  },
})

const count = z.int().nonnegative()
const finish = z.enum(['stop', 'length', 'tool-calls', 'content-filter', 'stop-sequence', 'pause', 'other'])
const usageSchema = z.object({
  inputTokens: count,
  cachedInputTokens: count,
  cacheWriteInputTokens: count,
  outputTokens: count,
  reasoningTokens: count,
})
const requestSchema = z.looseObject({
  model: z.string().min(1),
  stream: z.boolean().optional(),
  user: z.string().optional(),
  messages: z.array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), text: z.string() })),
})
const answerSchema = z.object({ id: z.string(), model: z.string(), text: z.string(), finish, usage: usageSchema.optional() })
const frameSchema = z.looseObject({
  start: z.object({ id: z.string(), model: z.string() }).optional(),
  text: z.string().optional(),
  finish: finish.optional(),
  usage: usageSchema.optional(),
  error: z.object({ message: z.string() }).optional(),
})

const decoder = new TextDecoder()
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const frameOf = (value: unknown): Uint8Array => encodeSseEvent({ data: JSON.stringify(value) })

function parse<Schema extends z.ZodType>(schema: Schema, text: string, fail: (reason: string) => Error): z.output<Schema> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw fail('it is not JSON')
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw fail(
    toConfigIssues(result.error)
      .map(({ path, message }) => `${path} ${message}`)
      .join('; '),
  )
}

const parseRequest = (body: Uint8Array) => parse(requestSchema, decoder.decode(body), (reason) => plainErrors.BODY_INVALID({ reason }))

function readHead(body: Uint8Array): RequestHead {
  const { model, stream = false, user } = parseRequest(body)
  const text = decoder.decode(body)
  return {
    model,
    stream,
    includeUsage: true,
    userId: user,
    maxOutputTokens: undefined,
    choices: 1,
    raw: (field) => {
      const member = topLevelMembers(text).findLast(({ key }) => key === field)
      return member === undefined ? undefined : new TextEncoder().encode(text.slice(member.valueStart, member.end))
    },
  }
}

function splice(body: Uint8Array, owned: { readonly model: string }): Uint8Array {
  parseRequest(body)
  let text = decoder.decode(body)
  // From the last to the first, so that earlier positions stay true.
  for (const { key, valueStart, end } of topLevelMembers(text).toReversed()) {
    if (key === 'model') text = text.slice(0, valueStart) + JSON.stringify(owned.model) + text.slice(end)
  }
  return new TextEncoder().encode(text)
}

/** The fields of a frame; nothing for bytes that are none. */
function readFrame(frame: Uint8Array): z.output<typeof frameSchema> | 'end' | undefined {
  const { data } = decodeSseFrame(frame)
  if (data === '[DONE]') return 'end'
  try {
    return parse(frameSchema, data ?? '', (reason) => plainErrors.ANSWER_INVALID({ reason }))
  } catch {
    return undefined
  }
}

function classify(frame: Uint8Array): FrameKind {
  const fields = readFrame(frame)
  if (fields === 'end') return 'end'
  if (fields?.error !== undefined) return 'error'
  if (fields?.text !== undefined) return 'content'
  if (fields?.finish !== undefined) return 'finish'
  return fields?.usage === undefined ? 'lifecycle' : 'usage'
}

function usageOf(frameOrBody: Uint8Array): TokenUsage | undefined {
  const frame = readFrame(frameOrBody)
  if (frame === 'end') return undefined
  if (frame?.usage !== undefined) return frame.usage
  try {
    return parse(answerSchema, decoder.decode(frameOrBody), (reason) => plainErrors.ANSWER_INVALID({ reason })).usage
  } catch {
    return undefined
  }
}

export function textOf(parts: readonly CanonicalPart[]): string {
  return parts
    .map((part) => {
      if (part.kind !== 'text') throw plainErrors.UNSUPPORTED({ what: part.kind })
      return part.text
    })
    .join('')
}

function encodeDelta(delta: CanonicalDelta): Uint8Array | undefined {
  switch (delta.kind) {
    case 'start':
      return frameOf({ start: { id: delta.id, model: delta.model } })
    case 'text':
      return frameOf({ text: delta.text })
    case 'finish':
      return frameOf({ finish: delta.reason })
    case 'usage':
      return frameOf({ usage: delta.usage })
    case 'error':
      return frameOf({ error: { message: delta.message } })
    default:
      return undefined
  }
}

export const plainDialect: Dialect = {
  contract: 'dialect/1',
  id: 'plain',
  readHead,
  splice,
  classify,
  usage: usageOf,
  encodeError: ({ code, message }, streaming) => (streaming ? frameOf : encode)({ error: { code, message } }),
  decodeRequest: (body, operation): CanonicalRequest => {
    const { model, stream = false, user, messages } = parseRequest(body)
    return {
      operation,
      dialect: 'plain',
      model,
      stream,
      messages: messages.map(({ role, text }) => ({ role, parts: [{ kind: 'text', text }] })),
      tools: [],
      toolChoice: undefined,
      parallelToolCalls: undefined,
      responseFormat: undefined,
      sampling: {},
      reasoning: undefined,
      userId: user,
      extra: {},
    }
  },
  encodeResponse: ({ id, model, choices, usage }) =>
    encode({ id, model, text: textOf(choices[0]?.parts ?? []), finish: choices[0]?.finish ?? 'other', usage }),
  streamEncoder: (_, { includeUsage }) => ({
    push: (delta) => (delta.kind === 'usage' && !includeUsage ? undefined : encodeDelta(delta)),
    end: () => encodeSseEvent({ data: '[DONE]' }),
  }),
}

/** The other direction, for the provider: answers of the dialect to canonical ones. */
export function decodePlainAnswer(body: Uint8Array): {
  readonly id: string
  readonly model: string
  readonly text: string
  readonly finish: FinishReason
  readonly usage?: TokenUsage | undefined
} {
  return parse(answerSchema, decoder.decode(body), (reason) => plainErrors.ANSWER_INVALID({ reason }))
}

export function createPlainStreamDecoder(): StreamDecoder {
  let complete = false
  return {
    get complete() {
      return complete
    },
    push: ({ data }) => {
      if (data === '[DONE]') {
        complete = true
        return []
      }
      const { start, text, finish: reason, usage, error } = parse(frameSchema, data, (why) => plainErrors.ANSWER_INVALID({ reason: why }))
      const deltas: CanonicalDelta[] = []
      if (start !== undefined) deltas.push({ kind: 'start', ...start })
      if (text !== undefined) deltas.push({ kind: 'text', index: 0, text })
      if (reason !== undefined) deltas.push({ kind: 'finish', reason })
      if (usage !== undefined) deltas.push({ kind: 'usage', usage })
      if (error !== undefined) deltas.push({ kind: 'error', message: error.message, type: undefined })
      return deltas
    },
  }
}
