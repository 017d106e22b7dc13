/** OpenAI's legacy completions to the canonical form and back. */
import type { CanonicalDelta, CanonicalOperation, CanonicalRequest, CanonicalResponse, StreamEncoder, TokenUsage } from '@bud-foundry/core'
import { z } from 'zod'
import { dialectErrors } from '../dialect-errors.ts'
import { parseAnswer, parseBody } from '../json-bytes.ts'
import { decodeFinish, encodeFinish } from '../openai-chat/finish.ts'
import { extraOf } from '../openai-chat/decode-request.ts'
import { fromTokenUsage, toTokenUsage } from '../openai-chat/usage.ts'
import { checked } from '../schema-check.ts'
import { asArray, asNumber, asObject, asString, dataFrame, encodeJson } from '../sse-frame.ts'

const dialect = 'openai-completions'

const tokens = z.array(z.number().int())
const requestFields = {
  model: z.string().min(1),
  prompt: z.union([z.string(), tokens, z.array(z.union([z.string(), tokens]))]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({}).nullish(),
  max_tokens: z.number().int().min(0).nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  n: z.number().int().min(1).nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.number().int().nullish(),
  presence_penalty: z.number().nullish(),
  frequency_penalty: z.number().nullish(),
  user: z.string().nullish(),
}
const requestSchema = z.looseObject(requestFields)

type Prompt = string | readonly number[]

/** Token ids of one prompt and lists of prompts look alike: numbers mean the former. */
function toPrompts(prompt: z.output<typeof requestSchema>['prompt']): readonly Prompt[] {
  if (prompt == null) return []
  if (typeof prompt === 'string') return [prompt]
  const ids = prompt.filter((each) => typeof each === 'number')
  return ids.length > 0 ? [ids] : prompt.filter((each) => typeof each !== 'number')
}

/** Throws GATEWAY_BODY_MALFORMED or GATEWAY_FIELD_INVALID. */
export function decodeCompletionRequest(bytes: Uint8Array, operation: CanonicalOperation): CanonicalRequest {
  const body = checked(requestSchema, parseBody(bytes))
  const stop = typeof body.stop === 'string' ? [body.stop] : body.stop
  return {
    operation,
    dialect,
    model: body.model,
    stream: body.stream ?? false,
    messages: [],
    prompts: toPrompts(body.prompt),
    tools: [],
    toolChoice: undefined,
    parallelToolCalls: undefined,
    responseFormat: undefined,
    sampling: {
      ...(body.max_tokens == null ? {} : { maxOutputTokens: body.max_tokens }),
      ...(body.temperature == null ? {} : { temperature: body.temperature }),
      ...(body.top_p == null ? {} : { topP: body.top_p }),
      ...(stop == null ? {} : { stop }),
      ...(body.seed == null ? {} : { seed: body.seed }),
      ...(body.presence_penalty == null ? {} : { presencePenalty: body.presence_penalty }),
      ...(body.frequency_penalty == null ? {} : { frequencyPenalty: body.frequency_penalty }),
      ...(body.n == null ? {} : { choices: body.n }),
    },
    reasoning: undefined,
    userId: body.user ?? undefined,
    extra: extraOf(body, requestFields),
  }
}

/** The request for an upstream that knows the same operation. */
export function encodeCompletionRequest(request: CanonicalRequest, model: string): Uint8Array {
  const { sampling } = request
  const prompts = request.prompts ?? []
  return encodeJson({
    model,
    prompt: prompts.length === 1 ? prompts[0] : prompts,
    ...(request.stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    ...(sampling.maxOutputTokens === undefined ? {} : { max_tokens: sampling.maxOutputTokens }),
    ...(sampling.temperature === undefined ? {} : { temperature: sampling.temperature }),
    ...(sampling.topP === undefined ? {} : { top_p: sampling.topP }),
    ...(sampling.stop === undefined ? {} : { stop: sampling.stop }),
    ...(sampling.seed === undefined ? {} : { seed: sampling.seed }),
    ...(sampling.presencePenalty === undefined ? {} : { presence_penalty: sampling.presencePenalty }),
    ...(sampling.frequencyPenalty === undefined ? {} : { frequency_penalty: sampling.frequencyPenalty }),
    ...(sampling.choices === undefined ? {} : { n: sampling.choices }),
    ...(request.userId === undefined ? {} : { user: request.userId }),
    ...request.extra,
  })
}

/** Throws GATEWAY_ANSWER_MALFORMED. */
export function decodeCompletionResponse(bytes: Uint8Array): CanonicalResponse {
  const body = parseAnswer(bytes, dialect)
  const choices = asArray(body['choices']).map((raw) => {
    const choice = asObject(raw)
    const text = asString(choice?.['text'])
    if (text === undefined) throw dialectErrors.ANSWER_MALFORMED({ dialect, reason: 'a choice has no text' })
    const { reason, stopSequence } = decodeFinish(asString(choice?.['finish_reason']) ?? 'stop', choice?.['stop_reason'])
    return { parts: [{ kind: 'text' as const, text }], finish: reason, ...(stopSequence === undefined ? {} : { stopSequence }) }
  })
  return {
    id: asString(body['id']) ?? 'cmpl-unknown',
    model: asString(body['model']) ?? '',
    createdUnixSeconds: asNumber(body['created']) ?? 0,
    choices,
    usage: toTokenUsage(asObject(body['usage'])),
  }
}

export function encodeCompletionResponse(response: CanonicalResponse): Uint8Array {
  return encodeJson({
    id: response.id,
    object: 'text_completion',
    created: response.createdUnixSeconds,
    model: response.model,
    choices: response.choices.map((choice, index) => ({
      index,
      text: choice.parts.map((part) => (part.kind === 'text' ? part.text : '')).join(''),
      logprobs: null,
      ...encodeFinish(choice.finish, choice.stopSequence),
    })),
    ...(response.usage === undefined ? {} : { usage: fromTokenUsage(response.usage) }),
  })
}

/** Canonical deltas -> events of a completion stream; only text can be told. */
export class CompletionStreamEncoder implements StreamEncoder {
  readonly #options: { readonly includeUsage: boolean; readonly createdUnixSeconds: number }
  #id = 'cmpl-unknown'
  #model: string
  #usage: TokenUsage | undefined
  #failed = false

  constructor(model: string, options: { readonly includeUsage: boolean; readonly createdUnixSeconds: number }) {
    this.#model = model
    this.#options = options
  }

  push(delta: CanonicalDelta): Uint8Array | undefined {
    if (this.#failed) return undefined
    switch (delta.kind) {
      case 'start':
        this.#id = delta.id
        if (delta.model !== '') this.#model = delta.model
        return undefined
      case 'text':
        return this.#chunk([{ index: 0, text: delta.text, logprobs: null, finish_reason: null }])
      case 'finish':
        return this.#chunk([{ index: 0, text: '', logprobs: null, ...encodeFinish(delta.reason, delta.stopSequence) }])
      case 'usage':
        this.#usage = delta.usage
        return undefined
      case 'error':
        this.#failed = true
        return dataFrame({ error: { message: delta.message, type: delta.type ?? 'server_error', param: null, code: delta.code ?? null } })
      default:
        return undefined
    }
  }

  end(): Uint8Array | undefined {
    if (this.#failed) return undefined
    const usage = this.#options.includeUsage && this.#usage !== undefined ? this.#chunk([], fromTokenUsage(this.#usage)) : Buffer.alloc(0)
    return Buffer.concat([usage, Buffer.from('data: [DONE]\n\n')])
  }

  #chunk(choices: readonly unknown[], usage?: unknown): Uint8Array {
    return dataFrame({
      id: this.#id,
      object: 'text_completion',
      created: this.#options.createdUnixSeconds,
      model: this.#model,
      choices,
      ...(usage === undefined ? {} : { usage }),
    })
  }
}
