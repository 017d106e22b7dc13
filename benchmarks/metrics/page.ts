/** Writes benchmarks/metrics/README.md from the last full result: `node --conditions=bud-source benchmarks/metrics/page.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { barChart } from '../harness/bar-chart.ts'

const answers = z.array(z.object({ name: z.string(), coldMs: z.number(), p50: z.number(), p95: z.number() }))
const parts = z.array(z.object({ table: z.string(), rows: z.number(), bytes: z.number() }))
const asks = z.object({
  total: z.number(),
  month: z.object({ asked: answers, raw: answers, original: answers }),
  year: z.object({ asked: answers }),
  parts,
})
const resultSchema = z.object({
  commit: z.string(),
  node: z.string(),
  date: z.string(),
  loadAverage: z.number().nullable(),
  machine: z.object({ cpu: z.string(), cores: z.number(), memoryBytes: z.number() }),
  measures: z.record(z.string(), z.number().nullable()),
  details: z.object({
    plan: z.object({ rows: z.number(), ingestEvents: z.number(), ingestRounds: z.number(), rounds: z.number() }),
    ingests: z.array(
      z.object({
        events: z.number(),
        seconds: z.number(),
        makeSeconds: z.number(),
        threadMicrosPerEvent: z.number(),
        processMicrosPerEvent: z.number(),
        longestWriteMs: z.number(),
      }),
    ),
    asks,
    growth: z.array(asks),
  }),
})

const result = resultSchema.parse(JSON.parse(readFileSync(new URL('../results/metrics.json', import.meta.url), 'utf8')))
const { details, machine } = result
const show = (value: number | undefined) =>
  value === undefined ? '-' : value >= 1000 ? Math.round(value).toString() : String(Number(value.toPrecision(3)))
const row = (...cells: readonly string[]) => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(...head), row(...head.map(() => '---')), ...rows.map((cells) => row(...cells))].join('\n')

const ingest = table(
  ['events', 'events/s', 'event loop, µs per event', 'process, µs per event', 'longest write, ms'],
  details.ingests.map(({ events, seconds, makeSeconds, threadMicrosPerEvent, processMicrosPerEvent, longestWriteMs }) => [
    show(events),
    show(events / (seconds - makeSeconds)),
    show(threadMicrosPerEvent),
    show(processMicrosPerEvent),
    show(longestWriteMs),
  ]),
)
const { month, year } = details.asks
const p95Of = (list: z.infer<typeof answers> | undefined, index: number) => show(list?.[index]?.p95)
const dashboard = table(
  [
    'question',
    'cold',
    'p50',
    'p95',
    'p95, raw scan',
    "p95, the original's table",
    'p95, a year',
    ...details.growth.map(({ total }) => `p95, ${String(total)} rows`),
  ],
  month.asked.map(({ name, coldMs, p50, p95 }, index) => [
    name,
    show(coldMs),
    show(p50),
    show(p95),
    p95Of(month.raw, index),
    p95Of(month.original, index),
    p95Of(year.asked, index),
    ...details.growth.map((smaller) => p95Of(smaller.month.asked, index)),
  ]),
)
const sizes = table(
  ['table', 'rows', 'bytes per row', 'bytes per request'],
  details.asks.parts
    .filter(({ rows }) => rows > 100)
    .map(({ table: name, rows, bytes }) => [`\`${name}\``, show(rows), show(bytes / rows), show(bytes / details.asks.total)]),
)

const image = '../../docs/images/metrics-benchmark.svg'
writeFileSync(
  new URL(image, import.meta.url),
  barChart(
    `Twelve questions over ${details.plan.rows.toLocaleString('en')} requests, 95th percentile (less is better)`,
    'ms',
    month.asked.map(({ name, p95 }, index) => ({
      title: name,
      bars: [
        { name: 'ours', value: p95, highlight: true },
        { name: 'raw scan', value: month.raw[index]?.p95 ?? 0, highlight: false },
        { name: 'original', value: month.original[index]?.p95 ?? 0, highlight: false },
      ],
    })),
  ),
)

const page = `<!-- Written by benchmarks/metrics/page.ts from benchmarks/results/metrics.json; do not edit. -->

# What metrics cost

${String(details.plan.rows)} made requests of 100 skewed projects over a year, 70 % of them in the last 30 days, in conversations of eight, in the embedded engine; ${result.date.slice(0, 10)},
commit ${result.commit}, Node ${result.node}, ${machine.cpu}, ${String(machine.cores)} cores, load average at the start ${show(result.loadAverage ?? undefined)}.

## Storing

One process makes events, writes them to the sink, and stores them with all rollups. The time that making them takes is left out.

${ingest}

## A dashboard of twelve questions, ms

The last 30 days as an application asks for them (\`metrics.ask\`, where the planner chooses tables), each ${String(details.plan.rounds * 4)} times after one with emptied
caches of marks and blocks; beside it, ${String(details.plan.rounds)} times, plain SQL over the raw rows, and over the same rows in the columns and the sorting key of
the original's fact table.

![What each question takes](${image})

${dashboard}

## Bytes on disk

${sizes}

To repeat: \`npm run bench:metrics -- --rows=${String(details.plan.rows)}\`, then \`node --conditions=bud-source benchmarks/metrics/page.ts\`.
`
writeFileSync(new URL('README.md', import.meta.url), page)
