/** Writes benchmarks/metrics/README.md from the last full result: `node --conditions=bud-source benchmarks/metrics/page.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const answers = z.array(z.object({ name: z.string(), coldMs: z.number(), p50: z.number(), p95: z.number() }))
const parts = z.array(z.object({ table: z.string(), rows: z.number(), bytes: z.number() }))
const asks = z.object({
  total: z.number(),
  month: z.object({ asked: answers, rollup: answers, raw: answers, original: answers }),
  year: z.object({ asked: answers, rollup: answers }),
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
    smaller: asks.optional(),
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
    'p95, rollup SQL',
    'p95, raw scan',
    "p95, the original's table",
    'p95, a year',
    'p95, a tenth of the rows',
  ],
  month.asked.map(({ name, coldMs, p50, p95 }, index) => [
    name,
    show(coldMs),
    show(p50),
    show(p95),
    p95Of(month.rollup, index),
    p95Of(month.raw, index),
    p95Of(month.original, index),
    p95Of(year.asked, index),
    p95Of(details.smaller?.month.asked, index),
  ]),
)
const sizes = table(
  ['table', 'rows', 'bytes per row', 'bytes per request'],
  details.asks.parts
    .filter(({ rows }) => rows > 100)
    .map(({ table: name, rows, bytes }) => [`\`${name}\``, show(rows), show(bytes / rows), show(bytes / details.asks.total)]),
)

const page = `<!-- Written by benchmarks/metrics/page.ts from benchmarks/results/metrics.json; do not edit. -->

# What metrics cost

${String(details.plan.rows)} made requests of 100 skewed projects over a year, 70 % of them in the last 30 days, in the embedded engine; ${result.date.slice(0, 10)},
commit ${result.commit}, Node ${result.node}, ${machine.cpu}, ${String(machine.cores)} cores, load average at the start ${show(result.loadAverage ?? undefined)}.

## Storing

One process makes events, writes them to the sink, and stores them with all rollups. The time that making them takes is left out.

${ingest}

## A dashboard of twelve questions, ms

The last 30 days as an application asks for them (\`metrics.ask\`, where the planner chooses tables), each ${String(details.plan.rounds)} times after one with emptied
caches of marks and blocks; beside it plain SQL over the rollups, over the raw rows, and over the same rows in the columns and the sorting key of
the original's fact table.

${dashboard}

## Bytes on disk

${sizes}

To repeat: \`npm run bench:metrics -- --rows=${String(details.plan.rows)}\`, then \`node --conditions=bud-source benchmarks/metrics/page.ts\`.
`
writeFileSync(new URL('README.md', import.meta.url), page)
