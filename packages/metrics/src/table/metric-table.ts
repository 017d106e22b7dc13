/** Samples of metrics that others measured, by canonical name and labels, as rows of the table `metric_samples`. */
import { z } from 'zod'
import { toTextCell, toTimeCell } from './cell.ts'
import { toEventIdText, toEventKey } from './event-id.ts'
import type { EventTable } from './event-table.ts'
import { toLabel } from './label.ts'

const count = z.number().nonnegative()

const metricSampleSchema = z.strictObject({
  id: z.string().min(1),
  timeUnixMs: z.number().nonnegative(),
  kind: z.literal('metric-sample'),
  projectId: z.string(),
  /** Canonical, with the unit last where it has one: `durationMs`, `tokens`. */
  name: z.string(),
  /** The convention that it came by. */
  source: z.string(),
  unit: z.string(),
  metricKind: z.enum(['gauge', 'counter', 'histogram']),
  /** What a gauge showed, what a counter grew by since the sample before, the sum of the values of a histogram since then. */
  value: z.number(),
  /** Values of a histogram since the sample before; 0 for all others. */
  count,
  /** Upper ends of the bins of a histogram, the last of which has none. */
  bounds: z.array(z.number()).readonly(),
  bucketCounts: z.array(count).readonly(),
  labels: z.record(z.string(), z.string()).readonly(),
})

/** What a metric showed at one moment, or what became of it since the moment before. */
export type MetricSample = Readonly<z.infer<typeof metricSampleSchema>>

const whole = (value: number) => Math.min(Math.round(value), Number.MAX_SAFE_INTEGER)

export const metricTable: EventTable<MetricSample> = {
  kind: 'metric-sample',
  table: 'metric_samples',
  partitionColumn: 'project_id',
  partitionOf: ({ projectId }) => toTextCell(projectId),
  columns: ['project_id', 'name', 'time', 'id', 'id_text', 'source', 'unit', 'kind', 'value', 'count', 'bounds', 'bucket_counts', 'labels'],
  toCells: (event) => [
    toTextCell(event.projectId),
    toTextCell(event.name),
    toTimeCell(event.timeUnixMs),
    toEventKey(event.id),
    toTextCell(toEventIdText(event.id)),
    toTextCell(event.source),
    toTextCell(event.unit),
    event.metricKind,
    event.value,
    whole(event.count),
    event.bounds,
    event.bucketCounts.map(whole),
    Object.fromEntries(Object.entries(event.labels).map(([name, text]) => [toTextCell(name), toTextCell(toLabel(text))])),
  ],
  schema: metricSampleSchema,
}
