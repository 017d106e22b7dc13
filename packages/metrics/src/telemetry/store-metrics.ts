/** The store's own state for Prometheus: what became of events, and how much the tables hold. */
import type { SinkReceipt } from '@bud-foundry/core'
import { z } from 'zod'
import type { Coverage } from '../otlp/translate-spans.ts'
import type { AnalyticsClient } from '../client/analytics-client.ts'

const tableSchema = z.array(z.object({ table: z.string(), table_rows: z.number(), table_bytes: z.number(), parts: z.number() }))

const escapeLabel = (text: string) => text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))

interface Family {
  readonly name: string
  readonly kind: 'counter' | 'gauge'
  readonly help: string
  readonly values: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[]
}

function toText({ name, kind, help, values }: Family): string {
  const lines = values.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`)
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${String(value)}`
  })
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...lines].join('\n')
}

const facts = ['tokens', 'timeToFirstToken', 'cost', 'user'] as const

/** A family without values is left out: it would have a type and no samples. */
function toCoverageFamilies(coverage: Readonly<Record<string, Readonly<Coverage>>>): readonly Family[] {
  const sources = Object.entries(coverage)
  const families: readonly Family[] = [
    {
      name: 'bud_metrics_otlp_spans_total',
      kind: 'counter',
      help: 'Calls of models that came as spans, by convention.',
      values: sources.map(([source, { spans }]) => ({ labels: { source }, value: spans })),
    },
    {
      name: 'bud_metrics_otlp_spans_covered_total',
      kind: 'counter',
      help: 'Those of them that told a fact.',
      values: sources.flatMap(([source, counts]) => facts.map((fact) => ({ labels: { source, fact }, value: counts[fact] }))),
    },
    {
      name: 'bud_metrics_otlp_samples_total',
      kind: 'counter',
      help: 'Samples of metrics of models, by convention and canonical name.',
      values: sources.flatMap(([source, { samples }]) =>
        Object.entries(samples).map(([name, value]) => ({ labels: { source, name }, value })),
      ),
    },
  ]
  return families.filter(({ values }) => values.length > 0)
}

/** Prometheus text exposition, version 0.0.4. @throws METRICS_DATABASE_UNAVAILABLE */
export async function storeMetricsText(
  {
    client,
    receipt,
    coverage = {},
  }: {
    readonly client: AnalyticsClient
    readonly receipt: SinkReceipt
    /** Of an OTLP receiver. */
    readonly coverage?: Readonly<Record<string, Readonly<Coverage>>>
  },
  signal?: AbortSignal,
): Promise<string> {
  const rows = await client.query(
    {
      what: 'reading the size of the tables',
      sql: 'SELECT table, sum(rows) AS table_rows, sum(bytes_on_disk) AS table_bytes, count() AS parts FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table',
    },
    signal,
  )
  const tables = tableSchema.parse(rows)
  const perTable = (read: (row: z.infer<typeof tableSchema>[number]) => number) =>
    tables.map((row) => ({ labels: { table: row.table }, value: read(row) }))
  const families: readonly Family[] = [
    {
      name: 'bud_metrics_events_produced_total',
      kind: 'counter',
      help: 'Events given to the sink.',
      values: [{ value: receipt.produced }],
    },
    { name: 'bud_metrics_events_stored_total', kind: 'counter', help: 'Events in the database.', values: [{ value: receipt.stored }] },
    {
      name: 'bud_metrics_events_dropped_total',
      kind: 'counter',
      help: 'Events for which there was no room.',
      values: [{ value: receipt.dropped }],
    },
    {
      name: 'bud_metrics_events_pending',
      kind: 'gauge',
      help: 'Events accepted and not stored yet.',
      values: [{ value: receipt.pending }],
    },
    { name: 'bud_metrics_table_rows', kind: 'gauge', help: 'Rows of a table.', values: perTable((row) => row.table_rows) },
    { name: 'bud_metrics_table_bytes', kind: 'gauge', help: 'Bytes of a table on disk.', values: perTable((row) => row.table_bytes) },
    {
      name: 'bud_metrics_table_parts',
      kind: 'gauge',
      help: 'Parts of a table; thousands mean that merges fall behind.',
      values: perTable((row) => row.parts),
    },
    ...toCoverageFamilies(coverage),
  ]
  return `${families.map(toText).join('\n')}\n`
}
