/** The verbs of the command that ask: `ask`, `records`, `export`, `send`, `dashboards` and `rules`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { systemClock } from '@bud-foundry/core'
import { z } from 'zod'
import type { AnalyticsClient } from '../client/analytics-client.ts'
import { createClickHouseEngine } from '../ask/clickhouse-engine.ts'
import { createReader } from '../ask/reader.ts'
import type { ExportQuestion } from '../ask/export.ts'
import { parseQuery, resolveWindow, windowSchema, type Question } from '../ask/question.ts'
import type { RecordQuestion } from '../ask/records/ask-records.ts'
import { everyProject } from '../ask/scope.ts'
import { createGrafanaDashboards, createGrafanaProvider } from '../grafana/dashboards.ts'
import { createPrometheusRules } from '../grafana/rules.ts'
import { exportOtlpMetrics } from '../telemetry/otlp-export.ts'
import { toQuestion, toTable, type QuestionFlags } from './question-flags.ts'
import { WrongCallError } from './wrong-call.ts'

export const questionUsage = `  ask         answers a question: --measure requests,errors --last 24h [--group-by model] [--interval 1h] [--filter model=llama]
              [--time-zone Europe/Berlin] [--compare] [--limit 20] [--json], or --question '<JSON>' with everything that ask takes
  records     answers about devices, nodes, pods, engines, blocked requests, guardrails, scores, audit and OTLP metrics:
              --of devices --measure utilisationMean --last 1h [--group-by nodeName], or --question '<JSON>'
  export      writes requests to a file: --format csv|jsonl|parquet --out requests.parquet --last 7d [--filter …] [--limit …]
  send        sends the window as OpenTelemetry metrics: --receiver http://collector:4318/v1/metrics --last 1h
  dashboards  writes dashboards for Grafana into --out <directory>, and the file that provisions them; needs no database
  rules       writes recording and alerting rules for Prometheus to --out <file>; needs no database`

const readerOf = (client: AnalyticsClient) =>
  createReader({ engine: createClickHouseEngine(client, systemClock), client, clock: systemClock, scope: everyProject })

/** The verbs that need a database. */
export const databaseVerbs: Readonly<Record<string, (client: AnalyticsClient, flags: QuestionFlags) => Promise<string>>> = {
  async ask(client, flags) {
    // Safe: the reader checks the question and names what is wrong with it.
    const answer = await readerOf(client).ask(toQuestion(flags, systemClock.nowMs()) as unknown as Question)
    return flags.json === true ? JSON.stringify(answer) : toTable(answer)
  },
  async records(client, flags) {
    // Safe: the reader checks the question and names what is wrong with it.
    const answer = await readerOf(client).records(toQuestion(flags, systemClock.nowMs()) as unknown as RecordQuestion)
    return flags.json === true ? JSON.stringify(answer) : toTable(answer)
  },
  async send(client, { receiver, json, ...flags }) {
    const { window } = parseQuery(z.looseObject({ window: windowSchema }), toQuestion(flags, systemClock.nowMs()))
    const ends = resolveWindow(window, systemClock.nowMs())
    if (receiver === undefined) throw new WrongCallError('send needs --receiver, such as --receiver http://collector:4318/v1/metrics')
    await exportOtlpMetrics({ reader: readerOf(client), url: receiver }, ends)
    return json === true
      ? JSON.stringify({ receiver, ...ends })
      : `sent ${new Date(ends.fromUnixMs).toISOString()} to ${new Date(ends.toUnixMs).toISOString()}`
  },
  async export(client, flags) {
    // Safe: the reader checks the question and names what is wrong with it.
    const file = await readerOf(client).export(toQuestion(flags, systemClock.nowMs()) as unknown as ExportQuestion)
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
