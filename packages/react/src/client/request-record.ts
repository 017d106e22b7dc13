/** What the server keeps of one request beside its event: the texts, where they were captured, and the trace that it is a part of. */
import type { RequestEvent } from '@bud-foundry/core'
import { BudClientError } from '../errors.ts'
import type { BudClient, CallOptions } from './client.ts'
import { metricsOperations } from './generated/metrics-operations.ts'
import { readFields, readList, readNumber, readText, readTextOrUndefined } from './read.ts'
import { toRequestEvent } from './wire.ts'

export interface StoredText {
  /** Undefined when it has expired or was erased. */
  readonly text: string | undefined
  readonly isTruncated: boolean
  /** Of the whole, in UTF-8. */
  readonly bytes: number
}

export interface StoredTexts {
  readonly request: StoredText
  readonly response: StoredText
}

/** One step of a trace, as a program told it. */
export interface TraceSpan {
  readonly spanId: string
  /** Empty: a root. */
  readonly parentSpanId: string
  readonly name: string
  readonly service: string
  readonly timeUnixMs: number
  readonly durationMs: number
  readonly isError: boolean
}

export interface RequestTrace {
  /** Oldest first. */
  readonly requests: readonly RequestEvent[]
  readonly spans: readonly TraceSpan[]
}

/** Undefined when there is none of that id, or it is not the caller's to see. */
export async function readRequest(client: BudClient, id: string, options?: CallOptions): Promise<RequestEvent | undefined> {
  const found = await orUndefined(client.call({ address: metricsOperations.requestsId, params: { id } }, options))
  return found === undefined ? undefined : toRequestEvent(found)
}

/** Undefined when nothing was captured of the request. */
export async function readTexts(client: BudClient, id: string, options?: CallOptions): Promise<StoredTexts | undefined> {
  const found = await orUndefined(client.call({ address: metricsOperations.requestsIdPayload, params: { id } }, options))
  if (found === undefined) return undefined
  const fields = readFields(found, 'payload')
  return { request: toText(fields['request'], 'payload.request'), response: toText(fields['response'], 'payload.response') }
}

function toText(value: unknown, where: string): StoredText {
  const fields = readFields(value, where)
  return { text: readTextOrUndefined(fields, 'text'), isTruncated: fields['truncated'] === true, bytes: readNumber(fields, 'bytes', where) }
}

export async function readTrace(client: BudClient, traceId: string, options?: CallOptions): Promise<RequestTrace> {
  const list = async (address: typeof metricsOperations.tracesTraceId | typeof metricsOperations.tracesTraceIdSpans) =>
    readList(readFields(await client.call({ address, params: { traceId } }, options), 'trace')['data'], 'trace.data')
  const [requests, spans] = await Promise.all([list(metricsOperations.tracesTraceId), list(metricsOperations.tracesTraceIdSpans)])
  return {
    requests: requests.map((each, index) => toRequestEvent(each, `trace.data[${String(index)}]`)),
    spans: spans.map((each, index) => toSpan(each, `spans.data[${String(index)}]`)),
  }
}

function toSpan(value: unknown, where: string): TraceSpan {
  const fields = readFields(value, where)
  return {
    spanId: readText(fields, 'spanId', where),
    parentSpanId: readTextOrUndefined(fields, 'parentSpanId') ?? '',
    name: readText(fields, 'name', where),
    service: readTextOrUndefined(fields, 'service') ?? '',
    timeUnixMs: readNumber(fields, 'timeUnixMs', where),
    durationMs: readNumber(fields, 'durationMs', where),
    isError: fields['status'] === 'error',
  }
}

async function orUndefined(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof BudClientError && error.status === 404) return undefined
    throw error
  }
}
