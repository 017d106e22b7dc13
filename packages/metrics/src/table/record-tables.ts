/** Kinds of events that are one plain row each: samples of nodes, pods and engines, metrics, spans, scores and blocked requests. */
import type { BudEvent } from '@bud-foundry/core'
import { z } from 'zod'
import { toTextCell, toTimeCell } from './cell.ts'
import { toEventIdText, toEventKey, toTraceKey, toTraceText } from './event-id.ts'
import type { EventTable } from './event-table.ts'
import { toLabel } from './label.ts'
import { metricTable } from './metric-table.ts'

type Cell = 'text' | 'label' | 'number' | 'whole' | 'numbers' | 'map' | 'micros'

interface RecordSpec {
  readonly kind: string
  readonly table: string
  /** The sorting key before the time: always texts, and always there. */
  readonly key: readonly string[]
  readonly fields: Readonly<Record<string, Cell>>
  /** Also refers to a request or a trace. */
  readonly refers?: readonly ('request' | 'trace')[]
}

const schemas = {
  text: z.string().optional(),
  label: z.string().optional(),
  number: z.number().optional(),
  whole: z.number().nonnegative().optional(),
  micros: z.number().nonnegative().optional(),
  numbers: z.array(z.number()).readonly().optional(),
  map: z.record(z.string(), z.string()).readonly().optional(),
} as const satisfies Record<Cell, z.ZodType>

const cells: Readonly<Record<Cell, (value: unknown) => unknown>> = {
  text: (value) => toTextCell(typeof value === 'string' ? value : undefined),
  label: (value) => toTextCell(typeof value === 'string' ? toLabel(value) : undefined),
  number: (value) => value ?? null,
  whole: (value) => (typeof value === 'number' ? Math.min(Math.round(value), Number.MAX_SAFE_INTEGER) : null),
  micros: (value) => (typeof value === 'number' ? Math.min(Math.round(value * 1000), Number.MAX_SAFE_INTEGER) : 0),
  numbers: (value) => value ?? [],
  map: (value) => Object.fromEntries(Object.entries(value ?? {}).map(([name, text]) => [toTextCell(name), toTextCell(String(text))])),
}

const toColumn = (field: string) =>
  field
    .replace(/Ms$/, 'Us')
    .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    .replace(/(?<=[a-z])(?=\d)/g, '_')

/** Field names become column names by rule: `cpuCores` is `cpu_cores`, and a duration in milliseconds is stored in microseconds. */
function defineRecord({ kind, table, key, fields, refers = [] }: RecordSpec): EventTable<BudEvent> {
  const references = refers.flatMap((name) =>
    name === 'request'
      ? [
          { column: 'request_id', field: 'requestId', read: toEventKey },
          { column: 'request_id_text', field: 'requestId', read: toEventIdText },
        ]
      : [
          { column: 'trace_id', field: 'traceId', read: toTraceKey },
          { column: 'trace_text', field: 'traceId', read: toTraceText },
        ],
  )
  const names = Object.keys(fields)
  const valueOf = (event: BudEvent, field: string): unknown => (event as unknown as Readonly<Record<string, unknown>>)[field]
  const textOf = (event: BudEvent, field: string) => {
    const value = valueOf(event, field)
    return typeof value === 'string' ? value : ''
  }
  const [first = ''] = key
  return {
    kind,
    table,
    partitionColumn: toColumn(first),
    partitionOf: (event) => toTextCell(textOf(event, first)),
    columns: [...key.map(toColumn), 'time', 'id', 'id_text', ...references.map(({ column }) => column), ...names.map(toColumn)],
    toCells: (event) => [
      ...key.map((field) => toTextCell(textOf(event, field))),
      toTimeCell(event.timeUnixMs),
      toEventKey(event.id),
      toTextCell(toEventIdText(event.id)),
      ...references.map(({ field, read }) => toTextCell(read(textOf(event, field)))),
      ...Object.entries(fields).map(([field, cell]) => cells[cell](valueOf(event, field))),
    ],
    // Safe: the envelope is in it, and the rest is looked at by the schema.
    schema: z.strictObject({
      id: z.string().min(1),
      timeUnixMs: z.number().nonnegative(),
      kind: z.literal(kind),
      ...Object.fromEntries(key.map((field) => [field, z.string()])),
      ...Object.fromEntries(references.map(({ field }) => [field, z.string()])),
      ...Object.fromEntries(Object.entries(fields).map(([field, cell]) => [field, schemas[cell]])),
    }),
  }
}

const gauges = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 'number'] as const))
const wholes = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 'whole'] as const))
const labels = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 'label'] as const))
const texts = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 'text'] as const))

export const recordTables: readonly EventTable<BudEvent>[] = [
  defineRecord({
    kind: 'node-sample',
    table: 'node_samples',
    key: ['clusterName', 'nodeName'],
    fields: {
      ...gauges('cpuCores', 'cpuUtilisation', 'load1', 'load5', 'load15', 'networkReceiveBytesPerSecond', 'networkTransmitBytesPerSecond'),
      ...wholes('memoryUsedBytes', 'memoryTotalBytes', 'diskUsedBytes', 'diskTotalBytes'),
    },
  }),
  defineRecord({
    kind: 'pod-sample',
    table: 'pod_samples',
    key: ['clusterName', 'namespace', 'podName', 'containerName'],
    fields: {
      ...texts('nodeName', 'deploymentName', 'phase'),
      ...gauges('cpuUsedCores', 'cpuRequestedCores', 'cpuLimitCores'),
      ...wholes('memoryUsedBytes', 'memoryRequestedBytes', 'memoryLimitBytes', 'restarts'),
    },
  }),
  defineRecord({
    kind: 'engine-sample',
    table: 'engine_samples',
    key: ['clusterName', 'targetId'],
    fields: {
      ...texts('engine', 'model', 'nodeName'),
      ...gauges('runningRequests', 'waitingRequests', 'kvCacheUtilisation'),
      ...wholes(
        'requestsTotal',
        'inputTokensTotal',
        'outputTokensTotal',
        'prefixCacheQueriesTotal',
        'prefixCacheHitsTotal',
        'preemptionsTotal',
      ),
    },
  }),
  defineRecord({
    kind: 'span',
    table: 'spans',
    key: ['projectId'],
    refers: ['trace'],
    fields: {
      ...texts('spanId', 'parentSpanId', 'name', 'spanKind', 'service', 'source', 'status', 'statusMessage'),
      durationMs: 'micros',
      attributes: 'map',
    },
  }),
  defineRecord({
    kind: 'score',
    table: 'scores',
    key: ['projectId', 'name'],
    refers: ['request', 'trace'],
    fields: { ...labels('source', 'userId', 'model', 'label'), remark: 'text', value: 'number' },
  }),
  defineRecord({
    kind: 'blocked-request',
    table: 'blocked_requests',
    key: ['projectId'],
    refers: ['request'],
    fields: {
      ...labels(
        'ruleId',
        'ruleName',
        'ruleKind',
        'action',
        'reason',
        'keyId',
        'userId',
        'requestedModel',
        'clientIp',
        'countryCode',
        'userAgent',
        'method',
        'route',
      ),
      rulePriority: 'whole',
    },
  }),
  metricTable,
]
