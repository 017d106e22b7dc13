/** The verbs of the command that ask: `ask`, `records`, `export`, `send`, `dashboards` and `rules`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { systemClock } from '@bud-foundry/core'
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import type { Answer } from '../ask/asker.ts'
import { createClickHouseEngine } from '../ask/clickhouse-engine.ts'
import { createReader } from '../ask/reader.ts'
import type { ExportQuestion } from '../ask/export.ts'
import { parseQuery, resolveWindow, windowSchema, type Question } from '../ask/question.ts'
import type { RecordAnswer, RecordQuestion } from '../ask/records/ask-records.ts'
import { everyProject } from '../ask/scope.ts'
import { createGrafanaDashboards, createGrafanaProvider } from '../grafana/dashboards.ts'
import { createPrometheusRules } from '../grafana/rules.ts'
import { exportOtlpMetrics } from '../telemetry/otlp-export.ts'

/** Flags of these verbs, for `parseArgs`. */
export const questionFlags = {
  question: { type: 'string' },
  measure: { type: 'string' },
  'group-by': { type: 'string' },
  filter: { type: 'string', multiple: true },
  last: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  interval: { type: 'string' },
  'time-zone': { type: 'string' },
  limit: { type: 'string' },
  compare: { type: 'boolean' },
  format: { type: 'string' },
  out: { type: 'string' },
  of: { type: 'string' },
  receiver: { type: 'string' },
  json: { type: 'boolean' },
} as const

export interface QuestionFlags {
  readonly question?: string | undefined
  readonly measure?: string | undefined
  readonly 'group-by'?: string | undefined
  readonly filter?: readonly string[] | undefined
  readonly last?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly interval?: string | undefined
  readonly 'time-zone'?: string | undefined
  readonly limit?: string | undefined
  readonly compare?: boolean | undefined
  readonly format?: string | undefined
  readonly out?: string | undefined
  readonly of?: string | undefined
  readonly receiver?: string | undefined
  readonly json?: boolean | undefined
}

export const questionUsage = `  ask         answers a question: --measure requests,errors --last 24h [--group-by model] [--interval 1h] [--filter model=llama]
              [--time-zone Europe/Berlin] [--compare] [--limit 20] [--json], or --question '<JSON>' with everything that ask takes
  records     answers about devices, nodes, pods, engines, blocked requests, guardrails, scores, audit and OTLP metrics:
              --of devices --measure utilisationMean --last 1h [--group-by nodeName], or --question '<JSON>'
  export      writes requests to a file: --format csv|jsonl|parquet --out requests.parquet --last 7d [--filter …] [--limit …]
  send        sends the window as OpenTelemetry metrics: --receiver http://collector:4318/v1/metrics --last 1h
  dashboards  writes dashboards for Grafana into --out <directory>, and the file that provisions them; needs no database
  rules       writes recording and alerting rules for Prometheus to --out <file>; needs no database`

const list = (text: string | undefined) => text?.split(',').map((part) => part.trim())

/** `model=a`, repeated: the values of one dimension add up. */
function toFilters(pairs: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const filters = new Map<string, string[]>()
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    const name = at === -1 ? pair : pair.slice(0, at)
    filters.set(name, [...(filters.get(name) ?? []), at === -1 ? '' : pair.slice(at + 1)])
  }
  return Object.fromEntries(filters)
}

/** What the flags say, as the body of a question; what is wrong with it the question's own schema tells. */
function toQuestion(flags: QuestionFlags): Record<string, unknown> {
  if (flags.question !== undefined) return JSON.parse(flags.question) as Record<string, unknown>
  const { last, from, to, interval, filter = [] } = flags
  const window =
    from === undefined
      ? { last: last ?? '24h' }
      : { fromUnixMs: Date.parse(from), toUnixMs: to === undefined ? Date.now() : Date.parse(to) }
  const fields = {
    measure: list(flags.measure),
    groupBy: list(flags['group-by']),
    interval,
    timeZone: flags['time-zone'],
    limit: flags.limit === undefined ? undefined : Number(flags.limit),
    compare: flags.compare === true ? 'previous' : undefined,
    format: flags.format,
    of: flags.of,
  }
  return { window, filters: toFilters(filter), ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) }
}

const readerOf = (client: AnalyticsClient) =>
  createReader({ engine: createClickHouseEngine(client, systemClock), client, clock: systemClock, scope: everyProject })

const showNumber = (value: number | null | undefined) =>
  value === null || value === undefined ? '-' : String(Number(value.toPrecision(6)))

/** One line per row, columns as wide as they need to be. */
function toTable({ rows }: Pick<Answer, 'rows'> | RecordAnswer): string {
  const [first] = rows
  if (first === undefined) return 'no rows'
  const names = Object.keys(first.values)
  const groups = Object.keys(first.group)
  const lines = [
    ['time', ...groups, ...names],
    ...rows.map((row) => [
      new Date(row.timeUnixMs).toISOString(),
      ...groups.map((name) => ('isOther' in row && row.isOther ? '(other)' : (new Map(Object.entries(row.group)).get(name) ?? ''))),
      ...names.map((name) => showNumber(new Map(Object.entries(row.values)).get(name))),
    ]),
  ]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The verbs that need a database. */
export const databaseVerbs: Readonly<Record<string, (client: AnalyticsClient, flags: QuestionFlags) => Promise<string>>> = {
  async ask(client, flags) {
    // Safe: the reader checks the question and names what is wrong with it.
    const answer = await readerOf(client).ask(toQuestion(flags) as unknown as Question)
    return flags.json === true ? JSON.stringify(answer) : toTable(answer)
  },
  async records(client, flags) {
    // Safe: the reader checks the question and names what is wrong with it.
    const answer = await readerOf(client).records(toQuestion(flags) as unknown as RecordQuestion)
    return flags.json === true ? JSON.stringify(answer) : toTable(answer)
  },
  async send(client, { receiver, json, ...flags }) {
    const { window } = parseQuery(z.looseObject({ window: windowSchema }), toQuestion(flags))
    const ends = resolveWindow(window, systemClock.nowMs())
    if (receiver === undefined) throw new SyntaxError('send needs --receiver, such as --receiver http://collector:4318/v1/metrics')
    await exportOtlpMetrics({ reader: readerOf(client), url: receiver }, ends)
    return json === true
      ? JSON.stringify({ receiver, ...ends })
      : `sent ${new Date(ends.fromUnixMs).toISOString()} to ${new Date(ends.toUnixMs).toISOString()}`
  },
  async export(client, flags) {
    // Safe: the reader checks the question and names what is wrong with it.
    const file = await readerOf(client).export(toQuestion(flags) as unknown as ExportQuestion)
    const path = flags.out ?? file.fileName
    await writeFile(path, file.bytes)
    const report = { path, bytes: file.bytes.byteLength }
    return flags.json === true ? JSON.stringify(report) : `wrote ${path}, ${String(report.bytes)} bytes`
  },
}

/** The verbs that need none. */
export const fileVerbs: Readonly<Record<string, (flags: QuestionFlags) => Promise<string>>> = {
  async dashboards({ out = 'grafana', json }) {
    await mkdir(out, { recursive: true })
    const files = Object.entries(createGrafanaDashboards()).map(([name, content]) => ({ path: join(out, name), content }))
    for (const { path, content } of files) await writeFile(path, `${JSON.stringify(content, null, 2)}\n`)
    const provider = join(out, 'provider.yaml')
    await writeFile(provider, createGrafanaProvider(resolve(out)))
    const paths = [...files.map(({ path }) => path), provider]
    return json === true ? JSON.stringify({ paths }) : paths.map((path) => `wrote ${path}`).join('\n')
  },
  async rules({ out = 'bud-foundry-rules.yaml', json }) {
    await writeFile(out, createPrometheusRules())
    return json === true ? JSON.stringify({ paths: [out] }) : `wrote ${out}`
  },
}
