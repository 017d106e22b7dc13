/** `npm run bench:metrics [-- --quick | --rows=N]`: what it costs to store requests, and how long a dashboard waits for its answers. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { currentLoadAverage, report } from '../harness/report.ts'
import { median } from '../harness/statistics.ts'

const quick = process.argv.includes('--quick')
const asked = Number(process.argv.find((argument) => argument.startsWith('--rows='))?.slice(7))
const rows = Number.isFinite(asked) ? asked : quick ? 100_000 : 10_000_000
const plan = {
  rows,
  growthRows: quick ? [] : [Math.round(rows / 10), Math.round((rows * 3) / 10)],
  ingestEvents: quick ? 60_000 : 500_000,
  ingestRounds: quick ? 1 : 3,
  rounds: quick ? 2 : 6,
}
const loadAverage = currentLoadAverage()

const partSchema = z.array(z.object({ table: z.string(), rows: z.number(), bytes: z.number() }))
const ingestSchema = z.object({
  events: z.number(),
  seconds: z.number(),
  makeSeconds: z.number(),
  threadMicrosPerEvent: z.number(),
  writeMicrosPerEvent: z.number(),
  processMicrosPerEvent: z.number(),
  longestWriteMs: z.number(),
  parts: partSchema,
  receipt: z.object({ produced: z.number(), stored: z.number(), pending: z.number(), dropped: z.number() }),
})
const answersSchema = z.array(z.object({ name: z.string(), coldMs: z.number(), p50: z.number(), p95: z.number() }))
const askSchema = z.object({
  total: z.number(),
  fillMs: z.number(),
  originalMs: z.number(),
  month: z.object({ asked: answersSchema, raw: answersSchema, original: answersSchema }),
  year: z.object({ asked: answersSchema }),
  parts: partSchema,
})
type Answers = z.infer<typeof answersSchema>

async function run<Schema extends z.ZodType>(file: string, schema: Schema, values: readonly number[]): Promise<z.output<Schema>> {
  const directory = await mkdtemp(join(tmpdir(), 'bud-bench-'))
  const script = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, script, directory, ...values.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '8' },
  })
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
  return schema.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''))
}

const show = (values: readonly Record<string, string | number>[]) => {
  console.table(
    values.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? Number(value.toPrecision(4)) : value]),
      ),
    ),
  )
}

const ingests = []
for (let round = 0; round < plan.ingestRounds; round += 1) ingests.push(await run('./ingest.process.ts', ingestSchema, [plan.ingestEvents]))
console.log('\nFrom the gateway to rows and rollups, one process, embedded engine')
show(
  ingests.map(({ events, seconds, makeSeconds, threadMicrosPerEvent, processMicrosPerEvent, longestWriteMs }) => ({
    events,
    'events/s': events / seconds,
    'events/s without making them': events / (seconds - makeSeconds),
    'µs of the event loop': threadMicrosPerEvent,
    'µs of the process': processMicrosPerEvent,
    'longest write, ms': longestWriteMs,
  })),
)
const asks = await run('./ask.process.ts', askSchema, [plan.rows, plan.rounds])
const growth: z.infer<typeof askSchema>[] = []
for (const count of plan.growthRows) growth.push(await run('./ask.process.ts', askSchema, [count, plan.rounds, 0]))

const sum = (answers: Answers) => answers.reduce((total, { p95 }) => total + p95, 0)
const largest = (answers: Answers) => Math.max(...answers.map(({ p95 }) => p95))
console.log(`\nThe dashboard over ${String(plan.rows)} rows, ms`)
show(
  asks.month.asked.map(({ name, coldMs, p50, p95 }, index) => ({
    question: name,
    cold: coldMs,
    p50,
    p95,
    'raw p95': asks.month.raw[index]?.p95 ?? Number.NaN,
    "original's p95": asks.month.original[index]?.p95 ?? Number.NaN,
    'year p95': asks.year.asked[index]?.p95 ?? Number.NaN,
    ...Object.fromEntries(growth.map(({ total, month }) => [`${String(total)} rows, p95`, month.asked[index]?.p95 ?? Number.NaN])),
  })),
)
show(
  asks.parts.map(({ table, rows: count, bytes }) => ({
    table,
    rows: count,
    bytes,
    'bytes/row': bytes / count,
    'bytes/request': bytes / asks.total,
  })),
)

const raw = asks.parts.find(({ table }) => table === 'requests')
report(
  {
    bench: 'metrics',
    quick,
    measures: {
      ingest_events_per_s: median(ingests.map(({ events, seconds, makeSeconds }) => events / (seconds - makeSeconds))),
      sink_cpu_us_per_event: median(ingests.map(({ threadMicrosPerEvent }) => threadMicrosPerEvent)),
      dashboard_ms_p95_max: largest(asks.month.asked),
      dashboard_ms_total: sum(asks.month.asked),
      rollup_year_ms_p95: largest(asks.year.asked),
      bytes_per_request: raw === undefined ? null : raw.bytes / raw.rows,
    },
    reasons: {},
    details: { plan, ingests, asks, growth },
  },
  loadAverage,
)
