/** GenAI metrics of the conventions in use as canonical samples, whatever each of them calls its instruments. */
import { createHash } from 'node:crypto'
import type { MetricSample } from '../table/metric-table.ts'
import type { OtlpPoint } from './decode-metrics.ts'
import type { DeltaPoint } from './series-deltas.ts'
import type { Attributes } from './wire.ts'

/** The convention by which a point was recognised. */
export type MetricConvention = 'otel' | 'openai' | 'openllmetry' | 'openinference' | 'openlit'

interface Instrument {
  /** The canonical name, with its unit last. */
  readonly name: string
  readonly unit: string
  readonly source: MetricConvention
  /** Who measured: the caller, or the server of the model. */
  readonly side: 'client' | 'server'
  readonly tokenType?: 'input' | 'output' | 'total' | 'reasoning' | 'cached'
}

const client = (source: MetricConvention, name: string, unit: string, tokenType?: Instrument['tokenType']): Instrument => ({
  name,
  unit,
  source,
  side: 'client',
  ...(tokenType === undefined ? {} : { tokenType }),
})
const server = (name: string): Instrument => ({ name, unit: 'ms', source: 'otel', side: 'server' })

/**
 * By the name on the wire. OpenTelemetry: semantic-conventions-genai, docs/gen-ai/gen-ai-metrics.md. OpenLLMetry: Meters of its package
 * opentelemetry-semantic-conventions-ai, older names first. OpenLIT: openlit.semcov. OpenInference defines no metrics; collectors that make
 * counts of its spans keep the names of its attributes.
 */
const instruments: Readonly<Record<string, Instrument>> = {
  'gen_ai.client.token.usage': client('otel', 'tokens', 'tokens'),
  'gen_ai.client.operation.duration': client('otel', 'durationMs', 'ms'),
  'gen_ai.client.operation.time_to_first_chunk': client('otel', 'timeToFirstTokenMs', 'ms'),
  'gen_ai.client.operation.time_per_output_chunk': client('otel', 'timePerOutputChunkMs', 'ms'),
  'gen_ai.server.request.duration': server('durationMs'),
  'gen_ai.server.time_to_first_token': server('timeToFirstTokenMs'),
  'gen_ai.server.time_per_output_token': server('timePerOutputTokenMs'),
  'gen_ai.client.generation.choices': client('openllmetry', 'choices', 'choices'),
  'llm.chat_completions.streaming_time_to_first_token': client('openllmetry', 'timeToFirstTokenMs', 'ms'),
  'llm.chat_completions.streaming_time_to_generate': client('openllmetry', 'generationMs', 'ms'),
  ...Object.fromEntries(
    ['gen_ai.openai', 'llm.openai'].flatMap((prefix): [string, Instrument][] => [
      [`${prefix}.chat_completions.tokens`, client('openllmetry', 'tokens', 'tokens')],
      [`${prefix}.chat_completions.choices`, client('openllmetry', 'choices', 'choices')],
      [`${prefix}.chat_completions.duration`, client('openllmetry', 'durationMs', 'ms')],
      [`${prefix}.chat_completions.exceptions`, client('openllmetry', 'errors', 'requests')],
      [`${prefix}.chat_completions.streaming_time_to_first_token`, client('openllmetry', 'timeToFirstTokenMs', 'ms')],
      [`${prefix}.chat_completions.streaming_time_to_generate`, client('openllmetry', 'generationMs', 'ms')],
      [`${prefix}.embeddings.tokens`, client('openllmetry', 'tokens', 'tokens')],
      [`${prefix}.embeddings.duration`, client('openllmetry', 'durationMs', 'ms')],
      [`${prefix}.embeddings.exceptions`, client('openllmetry', 'errors', 'requests')],
    ]),
  ),
  'gen_ai.anthropic.completion.exceptions': client('openllmetry', 'errors', 'requests'),
  'llm.anthropic.completion.exceptions': client('openllmetry', 'errors', 'requests'),
  'llm.token_count.prompt': client('openinference', 'tokens', 'tokens', 'input'),
  'llm.token_count.completion': client('openinference', 'tokens', 'tokens', 'output'),
  'llm.token_count.total': client('openinference', 'tokens', 'tokens', 'total'),
  'llm.token_count.prompt_details.cache_read': client('openinference', 'tokens', 'tokens', 'cached'),
  'llm.token_count.completion_details.reasoning': client('openinference', 'tokens', 'tokens', 'reasoning'),
  'llm.cost.total': client('openinference', 'costUsd', 'usd'),
  'gen_ai.total.requests': client('openlit', 'requests', 'requests'),
  'gen_ai.usage.input_tokens': client('openlit', 'tokens', 'tokens', 'input'),
  'gen_ai.usage.output_tokens': client('openlit', 'tokens', 'tokens', 'output'),
  'gen_ai.usage.total_tokens': client('openlit', 'tokens', 'tokens', 'total'),
  'gen_ai.usage.reasoning_tokens': client('openlit', 'tokens', 'tokens', 'reasoning'),
  'gen_ai.usage.cost': client('openlit', 'costUsd', 'usd'),
}

/** What points are told apart by, newest name first; everything else of them is left out, so that labels stay few. */
const labelNames = {
  requestedModel: ['gen_ai.request.model', 'llm.request.model', 'llm.model_name', 'model', 'embedding.model_name'],
  model: ['gen_ai.response.model', 'llm.response.model', 'gen_ai.request.model', 'llm.model_name', 'model', 'embedding.model_name'],
  provider: ['gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system'],
  operation: ['gen_ai.operation.name', 'llm.request.type', 'openinference.span.kind'],
  tokenType: ['gen_ai.token.type', 'llm.usage.token_type'],
  errorType: ['error.type', 'exception.type'],
  serviceTier: ['openai.response.service_tier', 'gen_ai.openai.response.service_tier', 'openai.request.service_tier'],
  server: ['server.address'],
} as const

/** OpenLLMetry says `prompt` and `completion` where others say `input` and `output`. */
const tokenTypes: Readonly<Record<string, string>> = { prompt: 'input', completion: 'output' }

/** Milliseconds in a unit of the wire (UCUM); seconds where none is told, which is what the conventions ask for. */
const millisecondsIn: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1_000, min: 60_000 }

const instrumentOf = (name: string): Instrument | undefined => (Object.hasOwn(instruments, name) ? instruments[name] : undefined)

/** Undefined: not about models. */
export function metricConventionOf({ name, attributes, scope }: OtlpPoint): MetricConvention | undefined {
  const source = instrumentOf(name)?.source
  if (source !== 'otel') return source
  // Names that all share, from a library that says who it is.
  if (scope.startsWith('openinference.') || attributes['llm.model_name'] !== undefined) return 'openinference'
  if (Object.keys(attributes).some((key) => /^(gen_ai\.)?openai\./.test(key))) return 'openai'
  if (scope.startsWith('openlit')) return 'openlit'
  return attributes['gen_ai.system'] !== undefined &&
    attributes['gen_ai.provider.name'] === undefined &&
    scope.includes('.instrumentation.')
    ? 'openllmetry'
    : 'otel'
}

function labelsOf({ name, attributes, resource }: DeltaPoint, { side, tokenType }: Instrument): Record<string, string> {
  const found = Object.entries(labelNames).flatMap(([label, names]) => {
    const value = names.map((key) => attributes[key]).find((one) => one !== undefined && one !== '')
    return value === undefined ? [] : [[label, String(value)] as const]
  })
  const labels: Record<string, string> = { ...Object.fromEntries(found), side, metric: name }
  const service = resource['service.name']
  if (service !== undefined) labels['service'] = String(service)
  const type = tokenType ?? labels['tokenType']
  if (type !== undefined) labels['tokenType'] = tokenTypes[type] ?? type
  return labels
}

const sorted = (attributes: Attributes) => Object.entries(attributes).toSorted(([left], [right]) => (left < right ? -1 : 1))

/** What makes points of one series: who measured what, with which attributes. */
export const seriesKeyOf = ({ name, unit, kind, scope, resource, attributes }: OtlpPoint, projectId: string): string =>
  createHash('sha256')
    .update(JSON.stringify([projectId, name, unit, kind, scope, sorted(resource), sorted(attributes)]))
    .digest('base64url')

/** The id is that of the series and the time, so that a second delivery is known. Undefined: not about models. */
export function toMetricSample(
  point: DeltaPoint,
  { key, source, projectId }: { readonly key: string; readonly source: MetricConvention; readonly projectId: string },
): MetricSample | undefined {
  const instrument = instrumentOf(point.name)
  if (instrument === undefined) return undefined
  const factor = instrument.unit === 'ms' ? (millisecondsIn[point.unit] ?? 1_000) : 1
  return {
    id: `metric:${key}:${String(point.timeUnixMs)}`,
    kind: 'metric-sample',
    timeUnixMs: point.timeUnixMs,
    projectId,
    name: instrument.name,
    source,
    unit: instrument.unit,
    metricKind: point.kind,
    value: point.value * factor,
    count: point.count,
    bounds: point.bounds.map((bound) => bound * factor),
    bucketCounts: point.bucketCounts,
    labels: labelsOf(point, instrument),
  }
}
