/** GenAI spans of the conventions in use as canonical requests, whatever each of them calls its attributes. */
import type { OtlpSpan } from './decode-traces.ts'
import type { StoredRequest } from '../table/request-details.ts'

/** The convention by which a span was recognised. */
export type SpanConvention = 'otel' | 'openai' | 'openllmetry' | 'openinference'

/** What a source told: how many spans, how many of them said what matters, and the points of metrics by canonical name. */
export interface Coverage {
  spans: number
  tokens: number
  timeToFirstToken: number
  cost: number
  user: number
  readonly samples: Record<string, number>
}

type Attributes = OtlpSpan['attributes']

/* For each fact the names that it has had, newest first: current OTel GenAI, older OTel, OpenLLMetry (Traceloop), OpenInference, OpenAI's. */
const names = {
  requestedModel: ['gen_ai.request.model', 'llm.request.model', 'llm.model_name', 'embedding.model_name'],
  model: ['gen_ai.response.model', 'llm.response.model', 'llm.model_name', 'embedding.model_name'],
  provider: ['gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system'],
  operation: ['gen_ai.operation.name', 'llm.request.type', 'openinference.span.kind'],
  input: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.usage.prompt_tokens', 'llm.token_count.prompt'],
  output: ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens', 'llm.usage.completion_tokens', 'llm.token_count.completion'],
  cachedInput: [
    'gen_ai.usage.cache_read.input_tokens',
    'gen_ai.usage.cache_read_input_tokens',
    'gen_ai.usage.input_tokens.cached',
    'llm.token_count.prompt_details.cache_read',
  ],
  cacheWrite: [
    'gen_ai.usage.cache_write.input_tokens',
    'gen_ai.usage.cache_creation.input_tokens',
    'gen_ai.usage.cache_creation_input_tokens',
    'llm.token_count.prompt_details.cache_write',
  ],
  reasoning: [
    'gen_ai.usage.reasoning.output_tokens',
    'gen_ai.usage.reasoning_tokens',
    'llm.usage.reasoning_tokens',
    'llm.token_count.completion_details.reasoning',
  ],
  firstTokenSeconds: ['gen_ai.response.time_to_first_chunk', 'gen_ai.server.time_to_first_token', 'llm.time_to_first_token'],
  cost: ['gen_ai.usage.cost', 'llm.cost.total', 'gen_ai.cost.total'],
  finishReason: ['gen_ai.response.finish_reasons', 'llm.response.finish_reason', 'gen_ai.completion.0.finish_reason'],
  stream: ['gen_ai.request.stream', 'llm.is_streaming', 'gen_ai.is_streaming'],
  error: ['error.type', 'exception.type'],
  status: ['http.response.status_code', 'http.status_code'],
  user: ['user.id', 'enduser.id', 'gen_ai.user.id', 'traceloop.association.properties.user_id', 'gen_ai.openai.user', 'llm.user'],
  session: ['gen_ai.conversation.id', 'session.id', 'traceloop.association.properties.session_id'],
  serviceTier: [
    'openai.response.service_tier',
    'gen_ai.openai.response.service_tier',
    'openai.request.service_tier',
    'gen_ai.openai.request.service_tier',
  ],
  prompt: ['gen_ai.prompt.name', 'llm.prompt_template.name', 'traceloop.prompt.key'],
} as const

function find(attributes: Attributes, fact: keyof typeof names): string | number | boolean | undefined {
  for (const name of names[fact]) {
    const value = attributes[name]
    if (value !== undefined && value !== '') return value
  }
  return undefined
}

const textOf = (attributes: Attributes, fact: keyof typeof names): string | undefined => {
  const value = find(attributes, fact)
  return value === undefined ? undefined : String(value)
}
const numberOf = (attributes: Attributes, fact: keyof typeof names): number | undefined => {
  const value = Number(find(attributes, fact) ?? Number.NaN)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}
const countOf = (attributes: Attributes, fact: keyof typeof names) => Math.round(numberOf(attributes, fact) ?? 0)

/** Undefined: no call of a model, such as a tool, an agent or a database. */
export function conventionOf({ attributes }: OtlpSpan): SpanConvention | undefined {
  const kind = attributes['openinference.span.kind']
  if (kind !== undefined) return kind === 'LLM' || kind === 'EMBEDDING' ? 'openinference' : undefined
  // OpenTelemetry's own conventions for OpenAI, with its older names.
  const isOpenai = Object.keys(attributes).some((name) => /^(gen_ai\.)?openai\./.test(name))
  const operation = attributes['gen_ai.operation.name']
  if (operation !== undefined)
    return /^(execute_tool|invoke_agent|create_agent|invoke_workflow|plan|retrieval)$/.test(String(operation))
      ? undefined
      : isOpenai
        ? 'openai'
        : 'otel'
  if (attributes['llm.request.type'] !== undefined || attributes['gen_ai.usage.prompt_tokens'] !== undefined) return 'openllmetry'
  return attributes['gen_ai.request.model'] === undefined ? undefined : isOpenai ? 'openai' : 'otel'
}

function operationOf(attributes: Attributes): StoredRequest['operation'] {
  const text = (textOf(attributes, 'operation') ?? '').toLowerCase()
  if (text.startsWith('embedding')) return 'embedding'
  return text === 'text_completion' || text === 'completion' ? 'completion' : 'chat'
}

const firstChunkEvents = new Set([
  'gen_ai.first_token',
  'First Token Stream Event',
  'gen_ai.response.first_chunk',
  'llm.content.completion.chunk',
])

function timeToFirstTokenMs(span: OtlpSpan): number | undefined {
  const seconds = numberOf(span.attributes, 'firstTokenSeconds')
  if (seconds !== undefined) return seconds * 1000
  // One without a readable time, or from before the span, says nothing.
  const event = span.events.find(({ name, timeUnixMs }) => firstChunkEvents.has(name) && timeUnixMs >= span.startUnixMs)
  return event === undefined ? undefined : Math.min(event.timeUnixMs - span.startUnixMs, span.durationMs)
}

/** Some conventions give a list as JSON. */
function finishReasonOf(attributes: Attributes): string | undefined {
  const text = textOf(attributes, 'finishReason')
  return text === undefined ? undefined : (/^\["([^"]*)"/.exec(text)?.[1] ?? text)
}

const defined = <Fields extends object>(fields: Fields) =>
  // Safe: only fields that are undefined are left out, and all of them are optional.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    readonly [Name in keyof Fields]?: Exclude<Fields[Name], undefined>
  }

/** One request, of which the span tells no attempts but itself. The id is that of the span, so that a second delivery is known. */
export function toRequest(span: OtlpSpan, convention: SpanConvention, projectId: string): StoredRequest {
  const { attributes, durationMs } = span
  const failed = span.statusCode === 2 || find(attributes, 'error') !== undefined
  const firstTokenMs = timeToFirstTokenMs(span)
  const outputTokens = countOf(attributes, 'output')
  const inputTokens = countOf(attributes, 'input')
  const requestedModel = textOf(attributes, 'requestedModel') ?? textOf(attributes, 'model') ?? 'unknown'
  const gapMs = firstTokenMs === undefined || outputTokens < 2 ? undefined : Math.max(0, durationMs - firstTokenMs) / (outputTokens - 1)
  return {
    id: `${span.traceId}:${span.spanId}`,
    kind: 'request',
    timeUnixMs: span.startUnixMs,
    traceId: span.traceId,
    projectId,
    operation: operationOf(attributes),
    dialect: convention,
    stream: find(attributes, 'stream') === true || firstTokenMs !== undefined,
    requestedModel,
    status: Math.round(numberOf(attributes, 'status') ?? (failed ? 500 : 200)),
    outcome: failed ? 'error' : 'success',
    durationMs,
    inputTokens,
    cachedInputTokens: countOf(attributes, 'cachedInput'),
    cacheWriteInputTokens: countOf(attributes, 'cacheWrite'),
    outputTokens,
    reasoningTokens: countOf(attributes, 'reasoning'),
    usageSource: inputTokens + outputTokens > 0 ? 'upstream' : 'none',
    cache: 'none',
    requestBytes: 0,
    responseBytes: 0,
    attempts: [],
    tags: defined({ service: span.service === '' ? undefined : span.service, serviceTier: textOf(attributes, 'serviceTier') }),
    source: convention,
    ...defined({
      model: textOf(attributes, 'model'),
      providerId: textOf(attributes, 'provider'),
      userId: textOf(attributes, 'user'),
      sessionId: textOf(attributes, 'session'),
      promptId: textOf(attributes, 'prompt'),
      errorCode: failed ? (textOf(attributes, 'error') ?? 'error') : undefined,
      finishReason: finishReasonOf(attributes),
      timeToFirstTokenMs: firstTokenMs,
      timePerOutputTokenMs: gapMs,
      costUsd: numberOf(attributes, 'cost'),
    }),
  }
}

const coverageOf = (coverage: Map<string, Coverage>, source: string): Coverage => {
  const counts = coverage.get(source) ?? { spans: 0, tokens: 0, timeToFirstToken: 0, cost: 0, user: 0, samples: {} }
  coverage.set(source, counts)
  return counts
}

/** Adds a request to what is known of its source. */
export function countCoverage(coverage: Map<string, Coverage>, source: string, request: StoredRequest): void {
  const counts = coverageOf(coverage, source)
  counts.spans += 1
  if (request.usageSource !== 'none') counts.tokens += 1
  if (request.timeToFirstTokenMs !== undefined) counts.timeToFirstToken += 1
  if (request.costUsd !== undefined) counts.cost += 1
  if (request.userId !== undefined) counts.user += 1
}

/** Adds a sample of a metric; its name is canonical, so that there are few. */
export function countSample(coverage: Map<string, Coverage>, source: string, name: string): void {
  const { samples } = coverageOf(coverage, source)
  samples[name] = (samples[name] ?? 0) + 1
}
